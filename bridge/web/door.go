package web

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// open tells whether whoever asks knows the passphrase of the door, if there is one.
func (h *Handler) open(r *http.Request) bool {
	if !h.gate.HasDoor() {
		return true
	}
	given, err := url.PathUnescape(r.Header.Get(doorHeader))
	return err == nil && h.gate.Opens(r.Context(), given, r.RemoteAddr)
}

// A closedPlace is all that is told before the door.
type closedPlace struct {
	Title string `json:"title"`
	Door  bool   `json:"door"`
}

// A codeAnswer is what a second device gets.
type codeAnswer struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	Door   string `json:"door,omitempty"`
}

// code lets a second device in. The body must say that it is JSON, which no form of a foreign page does.
func (h *Handler) code(w http.ResponseWriter, r *http.Request) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var q struct {
		Code string `json:"code"`
	}
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		refuse(w, http.StatusMethodNotAllowed, "method", "A code is brought by POST.")
		return
	case !h.paces.allow(r.RemoteAddr, time.Now()):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too-many", "That was asked too often. Wait a second and ask again.")
		return
	case err != nil || kind != "application/json", json.NewDecoder(io.LimitReader(r.Body, 1<<10)).Decode(&q) != nil:
		refuse(w, http.StatusBadRequest, "body", `The body is an object of JSON: {"code":"…"}.`)
		return
	}
	name, secret, door, err := h.gate.Redeem(r.Context(), q.Code, r.RemoteAddr)
	if err != nil {
		refuse(w, http.StatusForbidden, "code", sentence(err.Error()))
		return
	}
	answer(w, http.StatusOK, codeAnswer{name, secret, door})
}
