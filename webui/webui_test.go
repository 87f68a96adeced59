package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// get asks h for path with headers given as key, value, key, value.
func get(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "http://192.168.1.20:8080"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func handlerForTest() http.Handler { return Handler(Config{MQTTPort: "1883"}) }

// unbold is a page without its <b>, as its sentences read.
func unbold(page string) string { return strings.NewReplacer("<b>", "", "</b>", "").Replace(page) }

// script is the path of the page's script, as its HTML says it: it is loaded, and the script inline begins it.
func script(t *testing.T) string {
	t.Helper()
	page := get(t, handlerForTest(), "GET", "/").Body.String()
	m := regexp.MustCompile(`<link rel="modulepreload" href="([^"]+)"`).FindStringSubmatch(page)
	if m == nil || !strings.Contains(page, `import("./`+m[1]+`")`) {
		t.Fatalf("the page has no script: %s", page)
	}
	return "/" + m[1]
}

func TestThePageTellsHostAndPortWithoutJavaScript(t *testing.T) {
	page := get(t, handlerForTest(), "GET", "/").Body.String()
	if !strings.Contains(unbold(page), "host 192.168.1.20, port 1883,") {
		t.Errorf("the page does not say where to connect: %s", page)
	}
	if regexp.MustCompile(`\{\w+\}`).MatchString(page) {
		t.Errorf("the page has a placeholder left: %s", page)
	}
}

func TestThePageBearsTheNameOfThePlace(t *testing.T) {
	h := Handler(Config{MQTTPort: "1883", Place: `Ada's <b>lab</b> "7"`})
	page := get(t, h, "GET", "/").Body.String()
	if want := "<title>Ada&#39;s &lt;b&gt;lab&lt;/b&gt; &#34;7&#34;</title>"; !strings.Contains(page, want) {
		t.Errorf("the page has no %s: %s", want, page)
	}
}

func TestTheInvitationIsThePage(t *testing.T) {
	page, invitation := get(t, handlerForTest(), "GET", "/"), get(t, handlerForTest(), "GET", "/qr")
	if invitation.Code != http.StatusOK || invitation.Body.String() != page.Body.String() {
		t.Errorf("/qr: %d, %s", invitation.Code, invitation.Body)
	}
	if w := get(t, handlerForTest(), "GET", "/qr/"); w.Code != http.StatusNotFound {
		t.Errorf("/qr/: %d, want 404: what the page asks for beside it is not there", w.Code)
	}
}

func TestHostsAreWrittenAsText(t *testing.T) {
	for host, want := range map[string]string{
		"tincan.local":             "host tincan.local,",
		"[fe80::1]:8080":           "host fe80::1,",
		"[::1]":                    "host ::1,",
		`a"><script>alert(1)//:80`: "host a&#34;&gt;&lt;script&gt;alert(1)//,",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handlerForTest().ServeHTTP(w, r)
		if !strings.Contains(unbold(w.Body.String()), want) {
			t.Errorf("host %q: want %q in %s", host, want, w.Body)
		}
	}
}

func TestManyHostsAreNotKept(t *testing.T) {
	h := handlerForTest().(*handler)
	for i := range 10 * maxPages {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = strings.Repeat("a", i+1)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(h.pages) > maxPages {
		t.Errorf("%d pages are kept, want at most %d", len(h.pages), maxPages)
	}
}

func TestBuildIDIsThatOfThePage(t *testing.T) {
	if id := BuildID(); !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("BuildID() = %q, want 12 hex digits", id)
	}
	if page := get(t, handlerForTest(), "GET", "/").Body.String(); !strings.Contains(page, `content="`+BuildID()+`"`) {
		t.Errorf("the page does not bear %s: %s", BuildID(), page)
	}
}

func TestEveryFileIsServed(t *testing.T) {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	h := handlerForTest()
	for _, e := range entries {
		name, packed := strings.CutSuffix(e.Name(), ".gz")
		if packed || name == "index.html" || path.Ext(name) == ".br" {
			if w := get(t, h, "GET", "/"+e.Name()); w.Code != http.StatusNotFound {
				t.Errorf("/%s: %d, want it not to have an address of its own", e.Name(), w.Code)
			}
		}
		if name == "index.html" || path.Ext(name) == ".br" {
			continue
		}
		want := read(e.Name())
		if packed {
			want = unpacked(t, want)
		}
		w := get(t, h, "GET", "/"+name)
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("/%s: %d, %d bytes", name, w.Code, w.Body.Len())
		}
		if w.Header().Get("Content-Type") == "" {
			t.Errorf("/%s has no content type: add its ending to contentTypes", name)
		}
	}
}

// unpacked undoes gzip.
func unpacked(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestEncodingIsNegotiated(t *testing.T) {
	src := script(t)
	for _, c := range []struct{ accept, want string }{
		{"", ""},
		{"gzip, deflate", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0, gzip", "gzip"},
		{"br; q=0.0, gzip;q=0.000", ""},
		{"GZIP", "gzip"},
		{"*", "br"},
		{"*, br;q=0", "gzip"},
		{"identity", ""},
		{"x-br", ""},
	} {
		w := get(t, handlerForTest(), "GET", src, "Accept-Encoding", c.accept)
		if got := w.Header().Get("Content-Encoding"); got != c.want {
			t.Errorf("Accept-Encoding %q: %q, want %q", c.accept, got, c.want)
		}
		if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("Vary is %q", got)
		}
		want := read(src[1:] + map[string]string{"br": ".br", "gzip": ".gz"}[c.want])
		if c.want == "" {
			want = unpacked(t, read(src[1:]+".gz"))
		}
		if !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("Accept-Encoding %q: another body than the file's", c.accept)
		}
	}
}

func TestThePageIsPackedToo(t *testing.T) {
	h := handlerForTest()
	w := get(t, h, "GET", "/", "Accept-Encoding", "gzip, br")
	got := unpacked(t, w.Body.Bytes())
	if plain := get(t, h, "GET", "/").Body.Bytes(); !bytes.Equal(got, plain) {
		t.Error("the packed page is another one")
	}
}

func TestCaching(t *testing.T) {
	h := handlerForTest()
	for _, c := range []struct{ path, control string }{
		{"/", "no-cache"},
		{"/build.txt", "no-cache"},
		{script(t), "public, max-age=31536000, immutable"},
	} {
		w := get(t, h, "GET", c.path)
		if got := w.Header().Get("Cache-Control"); got != c.control {
			t.Errorf("%s: Cache-Control %q, want %q", c.path, got, c.control)
		}
		tag := w.Header().Get("ETag")
		for _, ask := range []string{tag, `"other", W/` + tag, "*"} {
			again := get(t, h, "GET", c.path, "If-None-Match", ask)
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
				t.Errorf("%s, If-None-Match %s: %d with %d bytes", c.path, ask, again.Code, again.Body.Len())
			}
		}
		if again := get(t, h, "GET", c.path, "If-None-Match", `"other"`); again.Code != http.StatusOK {
			t.Errorf("%s with another tag: %d", c.path, again.Code)
		}
		packed := get(t, h, "GET", c.path, "Accept-Encoding", "gzip")
		if packed.Header().Get("Content-Encoding") != "" && packed.Header().Get("ETag") == tag {
			t.Errorf("%s: packed and plain have one tag", c.path)
		}
	}
}

func TestHead(t *testing.T) {
	h := handlerForTest()
	for _, p := range []string{"/", script(t)} {
		full, head := get(t, h, "GET", p), get(t, h, "HEAD", p)
		if head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d with %d bytes", p, head.Code, head.Body.Len())
		}
		for _, k := range []string{"Content-Length", "Content-Type", "ETag"} {
			if head.Header().Get(k) != full.Header().Get(k) || head.Header().Get(k) == "" {
				t.Errorf("HEAD %s: %s is %q, GET says %q", p, k, head.Header().Get(k), full.Header().Get(k))
			}
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	h := handlerForTest()
	for _, p := range []string{"/nothing", "/index.html", "/dist/build.txt", "/../webui.go", "//", "/favicon.ico"} {
		if w := get(t, h, "GET", p); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "The chat is at") {
			t.Errorf("GET %s: %d %s", p, w.Code, w.Body)
		}
	}
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if w := get(t, h, m, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s /: %d", m, w.Code)
		}
	}
}

func TestNothingElseInlineMayRun(t *testing.T) {
	h := handlerForTest()
	for _, p := range []string{"/", script(t), "/nothing"} {
		head := get(t, h, "GET", p).Header()
		csp := head.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'",
			"require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy has no %s: %s", p, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy allows what is unsafe: %s", p, csp)
		}
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
			if head.Get(k) != want {
				t.Errorf("%s: %s is %q, want %q", p, k, head.Get(k), want)
			}
		}
	}
	page := get(t, h, "GET", "/")
	inline := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(inline) != 1 {
		t.Fatalf("the page has %d scripts inline, want 1", len(inline))
	}
	sum := sha256.Sum256([]byte(inline[0][1]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(page.Header().Get("Content-Security-Policy"), want) {
		t.Errorf("the policy does not let the page's own script run, %s: %s", want, page.Header().Get("Content-Security-Policy"))
	}
	rest := strings.ReplaceAll(page.Body.String(), inline[0][0], "")
	if regexp.MustCompile(`(?i)<style|<script>|\son[a-z]+=|\sstyle=|https?://`).MatchString(rest) {
		t.Errorf("the page has something else inline, or of another server: %s", rest)
	}
}
