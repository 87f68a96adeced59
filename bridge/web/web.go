// Package web is the chat over HTTP: what a page or a script can ask without being a member. It answers JSON to its own page and
// to programs, never to a page of another server, and tells no more than anyone on the network could see. It knows no MQTT.
//
//	GET /api/name?n=Ada    may I be called Ada?
//	GET /api/place         what is this place, and how do others get here?
//	POST /api/code         let a second device in: {"code":"k7f39qxm"}
//
// Where there is a door, its passphrase comes percent-encoded in the header Tincan-Door; without it, nothing is told about anybody.
//
// It does not check the Host header: what serves it does that for everything it serves.
package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
)

// maxQuery is how many bytes of a query are read: the longest text that is looked at as a name, percent-encoded, has 3 KiB.
const maxQuery = 4 << 10

// Lookup tells who holds a name that is the same as the one of these keys. [history.Claims] is one.
type Lookup interface {
	Lookup(keys [2]string) (history.Holder, bool)
}

// A Gate knows who is let in, beside the claims. [bridge.Bridge] is one.
type Gate interface {
	Salt(fold string) string                                                                // of a name's secrets, in hex
	NameLock(n names.Name) string                                                           // why nobody may take a name: name-reserved, registered-only; else empty
	HasDoor() bool                                                                          // whether there is a door
	Opens(ctx context.Context, given, remote string) bool                                   // whether somebody knows its passphrase
	Redeem(ctx context.Context, code, remote string) (name, secret, door string, err error) // what a code for a second device hands over
}

// doorHeader carries the passphrase of the door.
const doorHeader = "Tincan-Door"

// A Handler serves everything below /api/. Make it with [New].
type Handler struct {
	claims Lookup
	gate   Gate
	place  func() Place
	paces  *paces
}

// New makes a Handler that answers about names from claims and gate, and about the place from place, which is called for each question.
func New(claims Lookup, gate Gate, place func() Place) *Handler {
	return &Handler{claims: claims, gate: gate, place: place, paces: newPaces()}
}

// ServeHTTP answers with an object of JSON, refusals too: {"error": a stable word, "text": a sentence}.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	switch {
	case !ownOrigin(r):
		refuse(w, http.StatusForbidden, "origin", "This address answers only its own page and programs, not pages of other servers.")
	case r.URL.Path == "/api/code":
		h.code(w, r)
	case r.URL.Path != "/api/name" && r.URL.Path != "/api/place":
		refuse(w, http.StatusNotFound, "not-found", "There is nothing at this address. To ask about a name use /api/name?n=Ada.")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		head.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "method", "This address can only be read: use GET.")
	case !h.paces.allow(r.RemoteAddr, time.Now()):
		head.Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too-many", "That was asked too often. Wait a second and ask again.")
	case len(r.URL.RawQuery) > maxQuery:
		refuse(w, http.StatusRequestURITooLong, "too-long", "That is too long for a question about a name.")
	case !h.open(r) && r.URL.Path == "/api/place":
		answer(w, http.StatusOK, closedPlace{h.place().Title, true})
	case !h.open(r):
		refuse(w, http.StatusForbidden, "door", "This place has a door: ask who invited you for its passphrase.")
	case r.URL.Path == "/api/place":
		answer(w, http.StatusOK, h.place())
	default:
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			refuse(w, http.StatusBadRequest, "query", "The question is not readable: write the name percent-encoded after /api/name?n=.")
			return
		}
		answer(w, http.StatusOK, h.name(q.Get("n")))
	}
}

// ownOrigin tells whether r comes from the page that this server serves, or from no page: browsers send Origin with what a page
// of another server asks. Origins are compared as parsed, host and port, never by prefix; null is foreign.
func ownOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	o, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && (o.Scheme == "http" || o.Scheme == "https") && o.Host != "" &&
		o.User == nil && o.Path == "" && strings.EqualFold(o.Host, r.Host)
}

func refuse(w http.ResponseWriter, status int, word, text string) {
	answer(w, status, refusal{Error: word, Text: text})
}

// A refusal says no: by a word for programs, a sentence for the person, and what that speaks of.
type refusal struct {
	Error string            `json:"error"`
	Text  string            `json:"text"`
	With  map[string]string `json:"with,omitempty"`
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it fails only where the asker is gone
}
