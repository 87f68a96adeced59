package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tincan/bridge"
	"tincan/bridge/files"
	"tincan/bridge/history"
)

// policy is the content security policy of every file: whatever it is, it runs nothing and loads nothing, in an origin of its own.
const policy = "sandbox; default-src 'none'"

// read answers with a file. path begins with its id; the name behind it is for people.
func (h *Files) read(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Content-Security-Policy", policy)
	id, _, _ := strings.Cut(path, "/")
	c := h.reader(w, r)
	if c == nil {
		return
	}
	f, rooms, err := h.store.File(r.Context(), id)
	switch {
	case errors.Is(err, history.ErrNoFile):
		refuseGone(w)
		return
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The file cannot be read right now. Try again in a moment.")
		return
	case h.chat.MayReadFile(c, f, rooms):
	case c.Ident == "":
		refuse(w, http.StatusUnauthorized, "no-secret", "This file is not for everybody: say who you are, by name and secret or by a ticket.")
		return
	default:
		refuse(w, http.StatusForbidden, "not-readable", "This file is not for you: it was posted where you do not read.")
		return
	}
	content, err := h.store.Content(f)
	if err != nil {
		refuseGone(w)
		return
	}
	defer content.Close()
	head := w.Header()
	head.Set("Etag", `"`+f.SHA256+`"`)
	head.Set("Cache-Control", "private, max-age=3600") // it never changes, but may be deleted
	disposition, kind := "inline", f.Type
	if !files.Inline(f.Type) {
		disposition, kind = "attachment", files.Binary // no browser runs what it does not know
	} else if strings.HasPrefix(kind, "text/") {
		kind += "; charset=utf-8"
	}
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", disposition+`; filename="`+plainName(f.Name)+`"; filename*=UTF-8''`+encodedName(f.Name))
	t := h.begin(http.NewResponseController(w).SetWriteDeadline)
	defer h.end(t)
	o := &outgoing{ResponseWriter: w, transfer: t, size: f.Size}
	http.ServeContent(o, r, "", time.Time{}, content)
	h.store.Sent(o.sent)
}

// reader tells who reads: by a ticket, by name and secret, or nobody in particular. It answers itself where the secret is wrong, or
// whoever it is may not come in, and returns nil.
func (h *Files) reader(w http.ResponseWriter, r *http.Request) (c *bridge.Visitor) {
	var no *bridge.Denial
	switch t := r.URL.Query().Get("t"); {
	case t != "":
		c, no = h.chat.Holder(t, r.RemoteAddr)
	case r.Header.Get("Authorization") != "":
		return h.prove(w, r)
	default:
		c, no = h.chat.Stranger(r.RemoteAddr)
	}
	if no != nil {
		refuseDenied(w, no)
		return nil
	}
	return c
}

func refuseGone(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "no-file", "There is no such file: it was deleted, or is no longer kept.")
}

// plainName is a file name for what knows only ASCII (RFC 6266 §4.3).
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
}

// encodedName is a file name as a parameter of a header that may have any letters (RFC 8187 §3.2.1): in an address a little more may stand
// as it is.
func encodedName(name string) string {
	return strings.NewReplacer("=", "%3D", ":", "%3A", "@", "%40").Replace(url.PathEscape(name))
}
