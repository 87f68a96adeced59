package files

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// Binary is the type of what is not known, or not to be believed.
const Binary = "application/octet-stream"

// A Media is what a file is, as far as its first bytes tell.
type Media struct {
	Type          string
	Width, Height int // of a picture, as it is shown
}

// maxPixels is the largest picture that a browser is asked to show: a small file may unfold into gigabytes.
const maxPixels = 50_000_000

// headBytes is how much of a file is looked at. A JPEG's size comes after its metadata, which may have a small picture in it.
const headBytes = 1 << 20

// inline are the types that a browser may show by itself, because they run nothing; and which first bytes a file of that type has.
var inline = map[string]func(head []byte) bool{
	"image/jpeg": func(h []byte) bool { return bytes.HasPrefix(h, []byte("\xff\xd8\xff")) },
	"image/png":  func(h []byte) bool { return bytes.HasPrefix(h, []byte("\x89PNG\r\n\x1a\n")) },
	"image/gif": func(h []byte) bool {
		return bytes.HasPrefix(h, []byte("GIF87a")) || bytes.HasPrefix(h, []byte("GIF89a"))
	},
	"image/webp": func(h []byte) bool { return riff(h, "WEBP") },
	"image/avif": func(h []byte) bool { return brand(h, "avif", "avis", "mif1") },
	"audio/mpeg": func(h []byte) bool {
		return bytes.HasPrefix(h, []byte("ID3")) || len(h) > 1 && h[0] == 0xff && h[1]&0xe0 == 0xe0
	},
	"audio/ogg":  ogg,
	"audio/wav":  func(h []byte) bool { return riff(h, "WAVE") },
	"audio/flac": func(h []byte) bool { return bytes.HasPrefix(h, []byte("fLaC")) },
	"audio/mp4":  isMP4,
	"audio/aac":  func(h []byte) bool { return len(h) > 1 && h[0] == 0xff && h[1]&0xf6 == 0xf0 },
	"audio/webm": isWebM,
	"video/mp4":  isMP4,
	"video/webm": isWebM,
	"video/ogg":  ogg,
	"text/plain": isText,
}

// otherwise are other names of these types.
var otherwise = map[string]string{
	"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav",
	"audio/vnd.wave": "audio/wav", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4", "audio/x-flac": "audio/flac", "audio/opus": "audio/ogg",
	"application/ogg": "audio/ogg", "video/x-m4v": "video/mp4",
}

// byEnd are the types of files that come without one.
var byEnd = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac",
	".m4a": "audio/mp4", ".aac": "audio/aac", ".weba": "audio/webm", ".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg",
	".txt": "text/plain", ".log": "text/plain", ".md": "text/plain", ".csv": "text/csv", ".pdf": "application/pdf", ".zip": "application/zip",
	".svg": "image/svg+xml", ".html": "text/html", ".htm": "text/html", ".json": "application/json", ".heic": "image/heic", ".mov": "video/quicktime",
	".gz": "application/gzip", ".tar": "application/x-tar", ".7z": "application/x-7z-compressed", ".stl": "model/stl", ".gcode": "text/x-gcode",
}

// Inline tells whether a browser may show a file of a type by itself. Everything else is only to be saved.
func Inline(kind string) bool { return inline[kind] != nil }

// cleanType is a media type without its parameters; empty when s is none.
func cleanType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.ToLower(strings.TrimSpace(s))
	major, minor, ok := strings.Cut(s, "/")
	if !ok || len(s) > 100 || !isToken(major) || !isToken(minor) {
		return ""
	}
	if t, ok := otherwise[s]; ok {
		return t
	}
	return s
}

// isToken tells whether s is made of the characters of a media type (RFC 6838 §4.2).
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+") == ""
}

// inspect tells what a file is: as its owner says, or by the end of its name. A type that would be shown is believed only if the first
// bytes are of it, and a picture only up to a size.
func inspect(file, name, said string) (m Media, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 4<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return m, err
	}
	m.Type = typeOf(head[:n], name, said)
	if !strings.HasPrefix(m.Type, "image/") || !Inline(m.Type) {
		return m, nil
	}
	if m.Type == "image/jpeg" {
		rest, err := io.ReadAll(io.LimitReader(f, headBytes-int64(n)))
		if err != nil {
			return m, err
		}
		head = append(head[:n], rest...)
		n = len(head)
	}
	w, h, ok := pictureSize(m.Type, head[:n])
	switch {
	case !ok:
		m.Type = Binary // what claims to be a picture and has no size is none
	case w*h > maxPixels:
		m.Type = Binary
	default:
		m.Width, m.Height = int(w), int(h)
	}
	return m, nil
}

// typeOf is the type of a file with these first bytes.
func typeOf(head []byte, name, said string) string {
	end := byEnd[strings.ToLower(path.Ext(name))]
	if said == "" || said == Binary {
		said = end
	}
	is := inline[said]
	switch {
	case said == "":
		return Binary
	case is == nil || is(head):
		return said
	}
	return Binary
}

func riff(h []byte, kind string) bool {
	return len(h) >= 12 && string(h[:4]) == "RIFF" && string(h[8:12]) == kind
}

// brand tells whether a file of boxes (ISO 14496-12 §4.3) says that it is one of these kinds.
func brand(h []byte, kinds ...string) bool {
	if len(h) < 12 || string(h[4:8]) != "ftyp" {
		return false
	}
	for _, k := range kinds {
		if string(h[8:12]) == k {
			return true
		}
	}
	return len(kinds) == 0
}

func isMP4(h []byte) bool  { return brand(h) && !brand(h, "avif", "avis", "mif1", "heic") }
func isWebM(h []byte) bool { return bytes.HasPrefix(h, []byte("\x1a\x45\xdf\xa3")) }
func ogg(h []byte) bool    { return bytes.HasPrefix(h, []byte("OggS")) }

// isText tells whether h is the beginning of a text in UTF-8, without control characters.
func isText(h []byte) bool {
	for len(h) > 0 {
		r, n := utf8.DecodeRune(h)
		if r == utf8.RuneError && n == 1 {
			return len(h) < utf8.UTFMax && !utf8.FullRune(h) // cut in the middle of a character
		}
		if r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", r) || r == 0x7f {
			return false
		}
		h = h[n:]
	}
	return true
}
