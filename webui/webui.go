// Package webui serves the page: the browser's client of the chat, built from src/ by build.mjs into dist/ and embedded. Nothing is
// fetched from elsewhere, and nothing inline may run but the one script of index.html, by its hash (content security policy), so that
// what members write stays text. It knows nothing of the chat; the page finds the rest by MQTT over a websocket and by the HTTP interface of the same server.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// Config tells the page what it cannot know by itself.
type Config struct {
	// MQTTPort is where devices connect by TCP, for the sentence that a browser without JavaScript shows.
	MQTTPort string
	// Place is what this place is called, in the title and above the rooms; empty: tincan.
	Place string
}

// BuildID names the embedded page: it changes with every change of its content. The page bears it, too, and a page whose id is not
// that of chat/server/status is older than the server.
func BuildID() string {
	return strings.TrimSpace(string(read("build.txt")))
}

// Handler serves the page at /, at /qr (where it shows its own address large, and nothing else) and its files beside it, to GET and
// HEAD; everything else is 404. Files bear a hash in their names and may be kept for ever; the page itself is asked for anew each
// time, and answered with 304 when it is the same.
func Handler(cfg Config) http.Handler {
	h := &handler{port: cfg.MQTTPort, place: cfg.Place, files: map[string]*file{}, pages: map[string]*file{}}
	if h.place == "" {
		h.place = "tincan"
	}
	h.index = string(read("index.html"))
	h.policy = policy(h.index)
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic("webui: dist is not embedded: " + err.Error())
	}
	for _, e := range entries {
		name, packed := strings.CutSuffix(e.Name(), ".gz")
		if path.Ext(name) == ".br" || name == "index.html" {
			continue
		}
		f := newFile(name, read(e.Name()))
		f.immutable = name != "build.txt"
		if packed {
			f.plain, f.gz, f.br = nil, f.plain, read(name+".br")
		}
		h.files["/"+name] = f
	}
	return h
}

// read returns a file of dist, nil when there is none.
func read(name string) []byte {
	data, err := dist.ReadFile("dist/" + name)
	if err != nil {
		return nil
	}
	return data
}

type handler struct {
	port   string // never changed, like place, index and files
	place  string // not empty
	index  string // with {place}, {host} and {port}
	policy string
	files  map[string]*file // by URL path

	mu    sync.Mutex       // guards pages; map work only
	pages map[string]*file // index.html as filled for a host; at most maxPages
}

// maxPages bounds what is kept for the names by which this server is asked: addresses, its name, its .local name.
const maxPages = 16

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.secure(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
		return
	}
	f := h.files[r.URL.Path]
	if r.URL.Path == "/" || r.URL.Path == "/qr" {
		f = h.page(r.Host)
	}
	if f == nil {
		w.Header().Set("Cache-Control", "no-cache")
		http.Error(w, "There is nothing here. The chat is at the address without a path: /", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

// policy is the content security policy of the page. It needs no frame of others and no other server, and of inline code only the script
// that index.html brings (CSP3 §2.3.1, hash-source).
func policy(index string) string {
	_, script, _ := strings.Cut(index, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	return "default-src 'self'; script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; style-src 'self'; img-src 'self' blob: data:; " +
		"connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; " +
		"require-trusted-types-for 'script'"
}

// secure sets what holds for every answer.
func (h *handler) secure(to http.Header) {
	to.Set("Content-Security-Policy", h.policy)
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("Referrer-Policy", "no-referrer")
	to.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// page returns index.html for the host that was asked for (host or host:port, as in the Host header).
func (h *handler) page(host string) *file {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	h.mu.Lock()
	f := h.pages[host]
	h.mu.Unlock()
	if f != nil {
		return f
	}
	f = newFile("index.html", []byte(strings.NewReplacer(
		"{place}", html.EscapeString(h.place), "{host}", html.EscapeString(host), "{port}", html.EscapeString(h.port)).Replace(h.index)))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(f.plain) // a bytes.Buffer takes everything
	z.Close()
	f.gz = packed.Bytes()
	h.mu.Lock()
	if len(h.pages) < maxPages {
		h.pages[host] = f
	}
	h.mu.Unlock()
	return f
}

// A file is what one path answers. It is never changed. What can be packed is embedded packed alone: nearly nobody asks for it otherwise.
type file struct {
	plain, br, gz []byte // the same plain and packed; nil when not there
	contentType   string
	sum           string // of what it was made of, in hex
	immutable     bool   // the name changes with the content
}

// unpack is the plain of a file that is embedded packed.
func (f *file) unpack() []byte {
	z, err := gzip.NewReader(bytes.NewReader(f.gz))
	if err == nil {
		var plain []byte
		if plain, err = io.ReadAll(z); err == nil {
			return plain
		}
	}
	panic("webui: dist is damaged: " + err.Error())
}

func newFile(name string, plain []byte) *file {
	sum := sha256.Sum256(plain)
	return &file{plain: plain, contentType: contentTypes[path.Ext(name)], sum: hex.EncodeToString(sum[:8])}
}

// contentTypes of everything that build.mjs makes. The table of the operating system is not asked: on some it is wrong.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".json":        "application/json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	body, coding := f.plain, ""
	br, gz := accepts(r.Header.Values("Accept-Encoding"))
	switch {
	case br && f.br != nil:
		body, coding = f.br, "br"
	case gz && f.gz != nil:
		body, coding = f.gz, "gzip"
	}
	h := w.Header()
	if f.br != nil || f.gz != nil {
		h.Set("Vary", "Accept-Encoding")
	}
	tag := `"` + f.sum + coding + `"` // another coding is another representation: RFC 9110 §8.8.3.3
	h.Set("ETag", tag)
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if body == nil {
		body = f.unpack()
	}
	h.Set("Content-Type", f.contentType)
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body) // a reader that went away needs no answer
	}
}

// accepts reads Accept-Encoding (RFC 9110 §12.5.3): whether br and gzip may be sent.
func accepts(headers []string) (br, gz bool) {
	said := map[string]bool{}
	for _, item := range strings.Split(strings.Join(headers, ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		said[strings.ToLower(strings.TrimSpace(coding))] = !refuses(params)
	}
	may := func(coding string) bool {
		yes, named := said[coding]
		return yes || !named && said["*"]
	}
	return may("br"), may("gzip")
}

// refuses tells whether the parameters of a coding are a weight of zero.
func refuses(params string) bool {
	key, value, _ := strings.Cut(strings.ReplaceAll(params, " ", ""), "=")
	q, err := strconv.ParseFloat(value, 64)
	return strings.EqualFold(key, "q") && err == nil && q == 0
}

// matches reads If-None-Match (RFC 9110 §13.1.2), which compares weakly.
func matches(headers []string, tag string) bool {
	for _, item := range strings.Split(strings.Join(headers, ","), ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == tag || item == "*" {
			return true
		}
	}
	return false
}
