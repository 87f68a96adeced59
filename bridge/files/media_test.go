package files

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

const (
	png    = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x80\x00\x00\x01\xe0\x08\x02\x00\x00\x00"
	bigPNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00"
	gif    = "GIF89a\x0a\x00\x05\x00"
	jpeg   = "\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00"
	turned = "\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00" +
		"\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00"
	vp8x = "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x7f\x02\x00\xdf\x01\x00"
	avif = "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1\x00\x00\x00\x14ispe\x00\x00\x00\x00\x00\x00\x02\x80\x00\x00\x01\xe0"
)

func TestWhatAFileIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		what, name, said, content string
		want                      Media
	}{
		{"a picture", "a.png", "image/png", png, Media{"image/png", 640, 480}},
		{"a picture by its name", "a.PNG", "", png, Media{"image/png", 640, 480}},
		{"a picture that is binary, as it says", "a.png", Binary, png, Media{"image/png", 640, 480}},
		{"a GIF", "a.gif", "image/gif", gif, Media{"image/gif", 10, 5}},
		{"a JPEG", "a.jpg", "image/jpg", jpeg, Media{"image/jpeg", 640, 480}},
		{"a JPEG that is turned", "a.jpg", "image/jpeg", turned, Media{"image/jpeg", 480, 640}},
		{"a WebP", "a.webp", "image/webp", vp8x, Media{"image/webp", 640, 480}},
		{"an AVIF", "a.avif", "image/avif", avif, Media{"image/avif", 640, 480}},
		{"a picture of 900 megapixels", "a.png", "image/png", bigPNG, Media{Type: Binary}},
		{"a page that claims to be a picture", "a.png", "image/png", "<script>", Media{Type: Binary}},
		{"a picture that claims to be another", "a.jpg", "image/jpeg", png, Media{Type: Binary}},
		{"a picture that is cut", "a.jpg", "image/jpeg", jpeg[:10], Media{Type: Binary}},
		{"a page", "a.html", "text/html", "<script>", Media{Type: "text/html"}},
		{"an SVG", "a.svg", "image/svg+xml", "<svg onload=…>", Media{Type: "image/svg+xml"}},
		{"a PDF", "a.pdf", "", "%PDF-1.7", Media{Type: "application/pdf"}},
		{"a text", "a.txt", "text/plain; charset=utf-8", "Grüße\n", Media{Type: "text/plain"}},
		{"a text that is none", "a.txt", "text/plain", "\x00\x01", Media{Type: Binary}},
		{"a film", "a.mp4", "video/mp4", "\x00\x00\x00\x1cftypisom", Media{Type: "video/mp4"}},
		{"a voice", "a.webm", "audio/webm;codecs=opus", "\x1a\x45\xdf\xa3", Media{Type: "audio/webm"}},
		{"nothing", "", "", "", Media{Type: Binary}},
		{"a type that is none", "a", "text", "x", Media{Type: Binary}},
		{"a type with a line", "a", "text/x\r\nSet-Cookie: a", "x", Media{Type: Binary}},
	} {
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := inspect(file, c.name, cleanType(c.said)); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.what, got, err, c.want)
		}
	}
	for _, kind := range []string{"text/html", "image/svg+xml", "application/pdf", "text/javascript", "application/xhtml+xml", "text/css", "text/xml", "", Binary} {
		if Inline(kind) {
			t.Errorf("%q would be shown", kind)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"photo.jpg":                     "photo.jpg",
		"../../etc/passwd":              "passwd",
		`C:\Users\ada\über uns.pdf`:     "über uns.pdf",
		"invoice\u202egpj.exe":          "invoicegpj.exe",
		"a\r\nSet-Cookie: b":            "a Set-Cookie_ b",
		"  two   spaces .txt ":          "two spaces .txt",
		".htaccess":                     "htaccess",
		"..":                            "file",
		"":                              "file",
		"\x00\x07":                      "file",
		"👩\u200d🚀.png":                  "👩\u200d🚀.png",
		"a\xff.png":                     "a_.png",
		strings.Repeat("ü", 200) + ".c": strings.Repeat("ü", 99) + ".c",
		"end.":                          "end",
	} {
		if got := CleanName(given); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"photo.jpg", "../x", "a\u202eb", strings.Repeat("x", 300), ".\u200d", "é\u0301" + strings.Repeat("\u0301", 300) + ".png"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanName(s)
		if got == "" || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00:\"") || got[0] == '.' || strings.TrimSpace(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q becomes %q with %U", s, got, r)
			}
		}
		if again := CleanName(got); again != got {
			t.Errorf("%q becomes %q, and that %q", s, got, again)
		}
	})
}

func FuzzPictureSize(f *testing.F) {
	for _, s := range []string{png, gif, jpeg, turned, vp8x, avif, "RIFF\x00\x00\x00\x00WEBPVP8L" + strings.Repeat("\x2f", 20), "RIFF\x00\x00\x00\x00WEBPVP8 " + strings.Repeat("\x01", 20)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for kind := range inline {
			if w, h, ok := pictureSize(kind, b); ok && (w < 1 || h < 1 || w > maxSide || h > maxSide) {
				t.Errorf("%s is %d × %d", kind, w, h)
			}
		}
	})
}
