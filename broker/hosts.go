package broker

import (
	"html"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// GuardHost lets only requests through that address this server by an IP address, localhost, the machine's own name, that name with
// .local, or one of Config.Hosts. A page elsewhere that rebinds its own name to our address (DNS rebinding) gets 421, as does anyone
// who uses a name that has not been configured, with a page that says which line to add.
func (b *Broker) GuardHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := hostName(r.Host)
		if b.hostAllowed(name) {
			next.ServeHTTP(w, r)
			return
		}
		b.quiet.Warn("refused a request for a foreign host name", "", "host", r.Host, "remote", r.RemoteAddr)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		w.WriteHeader(http.StatusMisdirectedRequest)
		_, _ = w.Write([]byte(misdirected(name)))
	})
}

// misdirected is the page for a host name that is not ours.
func misdirected(name string) string {
	if !plainName(name) {
		name = "the-name-you-typed"
	}
	return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>tincan: unknown name</title><body style="font:1rem/1.5 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem">
<h1>This tincan does not know itself by that name</h1>
<p>Open it by its IP address, or let the person who runs it add this line to the configuration:</p>
<pre>hosts: [` + html.EscapeString(name) + `]</pre>
<p>It is refused until then, because another site could make its own name point here.</p>
`
}

// plainName tells whether s is a host name that may stand in a configuration.
func plainName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for _, c := range s {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// hostName is the name in a Host header, lower case, without port, brackets and final dot.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func (b *Broker) hostAllowed(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, own := range b.hosts {
		if name == own {
			return true
		}
	}
	return false
}

// ownHosts are the names by which this server may be addressed.
func ownHosts(configured []string) []string {
	names := []string{"localhost"}
	if machine, err := os.Hostname(); err == nil && machine != "" {
		machine = hostName(machine)
		short, _, _ := strings.Cut(machine, ".")
		names = append(names, machine, short, short+".local")
	}
	for _, h := range configured {
		names = append(names, hostName(h))
	}
	return names
}

// originAllowed tells whether the page that opens a websocket is ours: websockets ignore the same-origin rule, so the server must
// look. A device sends no Origin.
func (b *Broker) originAllowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	u, err := url.Parse(origins[0])
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	if hostPort(u.Host, u.Scheme) == hostPort(r.Host, u.Scheme) {
		return true
	}
	for _, o := range b.cfg.Origins {
		if c, err := url.Parse(o); err == nil && c.Scheme == u.Scheme && hostPort(c.Host, c.Scheme) == hostPort(u.Host, u.Scheme) {
			return true
		}
	}
	return false
}

// hostPort is host with its port, also where that is the default one of the scheme.
func hostPort(host, scheme string) string {
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	if _, p, err := net.SplitHostPort(host); err == nil {
		port = p
	}
	return hostName(host) + ":" + port
}
