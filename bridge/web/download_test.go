package web_test

import (
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"tincan/bridge/files"
)

// What one downloads resumes, is asked for again, and has its name.
func TestPartsOfAFile(t *testing.T) {
	t.Parallel()
	d := newDepot(t, files.Config{Max: 1 << 20})
	at := d.put("plan.txt", "0123456789")
	tag := headOf(d.do("ada", "HEAD", at, nil)).Get("Etag")
	for _, c := range []struct {
		what, method string
		head         []string
		status       int
		body, part   string
	}{
		{"all", "GET", nil, 200, "0123456789", ""},
		{"the beginning", "GET", []string{"Range", "bytes=0-3"}, 206, "0123", "bytes 0-3/10"},
		{"the rest", "GET", []string{"Range", "bytes=7-"}, 206, "789", "bytes 7-9/10"},
		{"the end", "GET", []string{"Range", "bytes=-2"}, 206, "89", "bytes 8-9/10"},
		{"more than there is", "GET", []string{"Range", "bytes=-99"}, 206, "0123456789", "bytes 0-9/10"},
		{"beyond the end", "GET", []string{"Range", "bytes=8-99"}, 206, "89", "bytes 8-9/10"},
		{"behind the end", "GET", []string{"Range", "bytes=10-"}, 416, `{"error":"range","text":"The file has 10 bytes, and none where the header Range asks for them."}` + "\n", "bytes */10"},
		{"backwards", "GET", []string{"Range", "bytes=5-2"}, 416, `{"error":"range","text":"The file has 10 bytes, and none where the header Range asks for them."}` + "\n", ""},
		{"other units", "GET", []string{"Range", "lines=1-2"}, 416, `{"error":"range","text":"The file has 10 bytes, and none where the header Range asks for them."}` + "\n", ""},
		{"more parts than the file has bytes", "GET", []string{"Range", "bytes=" + strings.Repeat("0-9,", 1000) + "0-9"}, 200, "0123456789", ""},
		{"of the same file", "GET", []string{"Range", "bytes=7-", "If-Range", tag}, 206, "789", "bytes 7-9/10"},
		{"of another", "GET", []string{"Range", "bytes=7-", "If-Range", `"another"`}, 200, "0123456789", ""},
		{"what is there already", "GET", []string{"If-None-Match", `"another", W/` + tag}, 304, "", ""},
		{"what is another", "GET", []string{"If-None-Match", `"another"`}, 200, "0123456789", ""},
		{"how large", "HEAD", nil, 200, "", ""},
		{"how large a part", "HEAD", []string{"Range", "bytes=7-"}, 206, "", "bytes 7-9/10"},
	} {
		res, b := d.do("ada", c.method, at, nil, c.head...)
		if res.StatusCode != c.status || b != c.body || res.Header.Get("Content-Range") != c.part {
			t.Errorf("%s: %s %q %q, want %d %q %q", c.what, res.Status, res.Header.Get("Content-Range"), b, c.status, c.part, c.body)
		}
		if c.status < 300 && (res.Header.Get("Etag") != tag || !strings.HasPrefix(res.Header.Get("Content-Disposition"), `inline; filename="plan.txt"`)) {
			t.Errorf("%s: %v", c.what, res.Header)
		}
		if c.status == 416 && (res.Header.Get("Content-Disposition") != "" || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: %v", c.what, res.Header)
		}
	}
	if res, b := d.do("ada", "HEAD", at, nil); res.ContentLength != 10 || b != "" {
		t.Errorf("%d bytes, %q", res.ContentLength, b)
	}
	res, b := d.do("ada", "GET", at, nil, "Range", "bytes=0-1,8-9")
	kind, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || res.StatusCode != 206 || kind != "multipart/byteranges" {
		t.Fatalf("two parts: %s %v %v", res.Status, res.Header, err)
	}
	var parts []string
	for r := multipart.NewReader(strings.NewReader(b), params["boundary"]); ; {
		p, err := r.NextPart()
		if err != nil {
			break
		}
		text, _ := io.ReadAll(p)
		parts = append(parts, p.Header.Get("Content-Range")+" "+p.Header.Get("Content-Type")+" "+string(text))
	}
	if want := []string{"bytes 0-1/10 text/plain; charset=utf-8 01", "bytes 8-9/10 text/plain; charset=utf-8 89"}; !slices.Equal(parts, want) {
		t.Errorf("%q, want %q", parts, want)
	}
}

// A file has a name that can be saved, whatever a stranger called it, and a header that says it to old and new clients.
func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	d := newDepot(t, files.Config{Max: 1 << 20})
	for _, c := range []struct{ path, name, plain string }{
		{"a%20b.txt", "a b.txt", "a b.txt"},
		{"gr%C3%BC%C3%9Fe.txt", "grüße.txt", "gr__e.txt"},
		{"gru%CC%88n.txt", "grün.txt", "gr_n.txt"},
		{"%F0%9F%98%80.txt", "😀.txt", "_.txt"},
		{"a;b,c=d@e+f&'(1)*.txt", "a;b,c=d@e+f&'(1)_.txt", "a;b,c=d@e+f&'(1)_.txt"},
		{"100%25%22%5C.txt", "txt", "txt"},
		{"q%3Fx%23.txt", "q_x#.txt", "q_x#.txt"},
		{"invoice%E2%80%AEgpj.exe", "invoicegpj.exe", "invoicegpj.exe"},
		{"%E2%81%A6a%E2%81%A9%E2%80%8F.txt", "a.txt", "a.txt"},
		{"%2e%2e", "file", "file"},
		{"%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd", "passwd"},
		{"a%0d%0aSet-Cookie:%20b.txt", "a Set-Cookie_ b.txt", "a Set-Cookie_ b.txt"},
		{"x%00y.txt", "xy.txt", "xy.txt"},
		{"%ff%fe.txt", "_.txt", "_.txt"},
		{strings.Repeat("y", 300) + ".txt", strings.Repeat("y", 196) + ".txt", strings.Repeat("y", 196) + ".txt"},
		{strings.Repeat("%C3%BC", 300) + ".txt", strings.Repeat("ü", 98) + ".txt", strings.Repeat("_", 98) + ".txt"},
		{"", "file", "file"},
	} {
		res, b := d.do("ada", "PUT", "/files/open/"+c.path, strings.NewReader(c.path), "Content-Type", "text/plain")
		if res.StatusCode != 201 {
			t.Errorf("%q: %s %s", c.path, res.Status, b)
			continue
		}
		res, _ = d.do("ada", "HEAD", res.Header.Get("Location"), nil)
		said := res.Header.Get("Content-Disposition")
		_, plain, _ := strings.Cut(said, `filename="`)
		plain, encoded, _ := strings.Cut(plain, `"; filename*=UTF-8''`)
		name, err := url.PathUnescape(encoded)
		if err != nil || name != c.name || plain != c.plain {
			t.Errorf("%q is called %s, want %q and %q", c.path, said, c.plain, c.name)
		}
		if i := strings.IndexFunc(encoded, func(r rune) bool { // RFC 8187 §3.2.1, attr-char and pct-encoded
			return !strings.ContainsRune("!#$&+-.^_`|~%", r) && (r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		}); i >= 0 {
			t.Errorf("%q: %q may not stand in %q", c.path, encoded[i], encoded)
		}
		if _, params, err := mime.ParseMediaType(said); err != nil || params["filename"] != c.name {
			t.Errorf("%q is read as %q (%v), want %q", said, params["filename"], err, c.name)
		}
	}
}

// A file whose type lies is only saved, and whatever it is, nothing of it runs.
func TestLyingFiles(t *testing.T) {
	t.Parallel()
	const page, drawing = "<html><script>alert(1)</script>", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
	d := newDepot(t, files.Config{Max: 1 << 20})
	for _, c := range []struct{ name, said, content, kind string }{
		{"page.png", "", page, ""},
		{"page.png", "image/png", page, ""},
		{"page.gif", "image/gif", "GIF89" + page, ""},
		{"page.html", "text/html", page, ""},
		{"page.html", "audio/mpeg", page, ""},
		{"page.html", "text/plain; charset=utf-7", page, "text/plain; charset=utf-8"}, // as the text that it is
		{"page.txt", "", page, "text/plain; charset=utf-8"},
		{"page.txt", "text/html", page, ""},
		{"page.txt", "text/plain", "\xff\xfe<\x00s\x00", ""}, // not UTF-8
		{"drawing.svg", "image/svg+xml", drawing, ""},
		{"drawing.png", "image/png", drawing, ""},
		{"drawing.png", "image/svg+xml", drawing, ""},
		{"a.js", "text/javascript", "alert(1)", ""},
		{"a.css", "text/css", "*{}", ""},
		{"a.xml", "application/xml", "<x/>", ""},
		{"a.xhtml", "application/xhtml+xml", page, ""},
		{"a.pdf", "application/pdf", "%PDF-1.4", ""},
		{"a.swf", "application/x-shockwave-flash", "FWS", ""},
		{"a.wasm", "application/wasm", "\x00asm", ""},
		{"a", "multipart/x-mixed-replace", page, ""},
		{"a", "image/png\tx", page, ""},
	} {
		res, b := d.do("ada", "PUT", "/files/open/"+c.name, strings.NewReader(c.content), "Content-Type", c.said)
		if res.StatusCode != 201 {
			t.Errorf("%s, %s: %s %s", c.name, c.said, res.Status, b)
			continue
		}
		res, b = d.do("ada", "GET", res.Header.Get("Location")+"?x=.html", nil)
		way := "inline;"
		if c.kind == "" {
			c.kind, way = "application/octet-stream", "attachment;"
		}
		if b != c.content || res.Header.Get("Content-Type") != c.kind || !strings.HasPrefix(res.Header.Get("Content-Disposition"), way) {
			t.Errorf("%s, %s: %q, %q", c.name, c.said, res.Header.Get("Content-Type"), res.Header.Get("Content-Disposition"))
		}
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer"} {
			if res.Header.Get(k) != want {
				t.Errorf("%s, %s: %s is %q", c.name, c.said, k, res.Header.Get(k))
			}
		}
	}
}
