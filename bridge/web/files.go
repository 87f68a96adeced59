package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tincan/bridge"
	"tincan/bridge/files"
	"tincan/bridge/history"
)

// Paths of the files. What stands before them is the page's address.
const (
	uploadPath = "/api/upload"
	ticketPath = "/api/ticket"
)

// A Chat knows who may do what. [bridge.Bridge] is one.
type Chat interface {
	Prove(ctx context.Context, name, secret, remote string) (*bridge.Visitor, *bridge.Denial)
	Ticket(c *bridge.Visitor) (ticket string, until time.Time)
	Holder(ticket, remote string) (*bridge.Visitor, *bridge.Denial)
	Stranger(remote string) (*bridge.Visitor, *bridge.Denial)
	MayReadFile(c *bridge.Visitor, f history.File, rooms []string) bool
	MayUpload(c *bridge.Visitor) *bridge.Denial
	MayPost(c *bridge.Visitor, where, text string) *bridge.Denial
	PostFile(ctx context.Context, c *bridge.Visitor, where, upload, text string) (bridge.Posted, *bridge.Denial)
}

// A Files serves what members upload. Make it with [NewFiles].
//
//	/api/upload          uploads that go on where they stopped: tus 1.0 (tus.io), with creation, termination and checksum
//	/api/ticket          a word for addresses of files, for a browser that sends no password with a picture
//	PUT /files/lobby/…   uploads a file and posts it
//	GET /files/{id}/…    reads one
//	/api/export          a room, to take along
//	/api/mine            what is one's own, to take along
type Files struct {
	store *files.Store
	chat  Chat
	pace  *pace

	mu      sync.Mutex // guards what follows; map work only
	stopped bool
	running map[*transfer]bool
	exports map[string]bool // by ident: who takes something along just now

	archive *history.Archive // nil: nobody takes anything along
	carrier Carrier
	version string
}

// NewFiles makes a Files that keeps them in store.
func NewFiles(store *files.Store, chat Chat) *Files {
	return &Files{store: store, chat: chat, pace: newPace(addressRate, addressBurst), running: map[*transfer]bool{}}
}

// ServeHTTP answers with an object of JSON where it is not tus or a file, refusals too: {"error": a stable word, "text": a sentence}.
func (h *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	path, isFile := strings.CutPrefix(r.URL.Path, bridge.FilesPath)
	switch {
	case !ownOrigin(r):
		refuse(w, http.StatusForbidden, "origin", "This address answers only its own page and programs, not pages of other servers.")
	case isFile && reading:
		h.read(w, r, path)
	case !h.pace.allow(network(r.RemoteAddr), time.Now()):
		head.Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too-many", "That was asked too often. Wait a second and ask again.")
	case isFile && r.Method == http.MethodPut:
		h.put(w, r, path)
	case isFile:
		head.Set("Allow", "GET, HEAD, PUT")
		refuse(w, http.StatusMethodNotAllowed, "method", "A file is read with GET, and uploaded to a room with PUT.")
	case (r.URL.Path == exportPath || r.URL.Path == minePath) && reading && h.archive != nil:
		h.export(w, r)
	case r.URL.Path == ticketPath && reading:
		h.ticket(w, r)
	case r.URL.Path == uploadPath || r.URL.Path == uploadPath+"/":
		h.tus(w, r, "")
	case strings.HasPrefix(r.URL.Path, uploadPath+"/"):
		h.tus(w, r, strings.TrimPrefix(r.URL.Path, uploadPath+"/"))
	default:
		head.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "method", "This address can only be read: use GET.")
	}
}

// Stop ends what is being sent and received, so that the server can stop. What has come of uploads is kept.
func (h *Files) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for t := range h.running {
		t.stop()
	}
}

// prove tells who asks, or answers that it has to be said.
func (h *Files) prove(w http.ResponseWriter, r *http.Request) *bridge.Visitor {
	name, secret, ok := r.BasicAuth()
	if !ok {
		refuse(w, http.StatusUnauthorized, "no-secret", "Say who you are: the name and its secret, as user and password (curl -u name:secret).")
		return nil
	}
	c, no := h.chat.Prove(r.Context(), name, secret, r.RemoteAddr)
	if no != nil {
		refuseDenied(w, no)
		return nil
	}
	return c
}

// refuseDenied answers with a no of the chat. A 401 is without WWW-Authenticate: a browser would ask for a password in a window of
// its own.
func refuseDenied(w http.ResponseWriter, no *bridge.Denial) {
	status := http.StatusServiceUnavailable
	switch no.Why {
	case bridge.Unproven:
		status = http.StatusUnauthorized
	case bridge.Forbidden:
		status = http.StatusForbidden
	case bridge.Unfit:
		status = http.StatusBadRequest
	case bridge.Full:
		status = http.StatusInsufficientStorage
	}
	if no.Key == "too-many-tries" || no.Key == "too-many-names" || no.Key == "too-fast" {
		status = http.StatusTooManyRequests
	}
	answer(w, status, refusal{no.Key, written(no.Tell), no.With})
}

// written is what the chat says, written as a sentence.
func written(tell string) string {
	if tell == "" {
		return tell
	}
	return sentence(strings.TrimSuffix(tell, "."))
}

// refuseUpload answers with why an upload did not go on.
func (h *Files) refuseUpload(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, files.ErrNotFound):
		refuse(w, http.StatusNotFound, "no-upload", "There is no such upload of yours: it was cancelled, or did not go on for a day. Begin it anew.")
	case errors.Is(err, files.ErrTooLarge):
		if h.store.Max() == 0 {
			refuse(w, http.StatusForbidden, "files-off", "This tincan takes no files. Whoever runs it can change that (files.max).")
			return
		}
		refuse(w, http.StatusRequestEntityTooLarge, "too-large", "A file may have up to "+sizeText(h.store.Max())+" here. Make it smaller, or ask whoever runs this tincan to raise files.max.")
	case errors.Is(err, files.ErrTooLong):
		refuse(w, http.StatusRequestEntityTooLarge, "too-long", "These are more bytes than the upload has.")
	case errors.Is(err, files.ErrNoSpace), errors.Is(err, history.ErrFull):
		refuse(w, http.StatusInsufficientStorage, "no-space", "There is no space left for this file on the computer that runs tincan. What was said is safe. Try a smaller file, or again when there is space.")
	case errors.Is(err, files.ErrQuota):
		all, _ := h.store.Limits()
		refuse(w, http.StatusInsufficientStorage, "quota", "All files together may take "+sizeText(all)+" here, and this one is more than is left of it. Delete messages with files, or ask a host.")
	case errors.Is(err, files.ErrShare):
		_, each := h.store.Limits()
		refuse(w, http.StatusRequestEntityTooLarge, "share", "All your files together may have "+sizeText(each)+" here, and this one is more than is left of it. Delete messages with files of yours, or ask a host.")
	case errors.Is(err, files.ErrTooMany):
		refuse(w, http.StatusTooManyRequests, "too-many-uploads", "You have too many uploads that are not finished or not posted. Finish or cancel some; they go by themselves after a day.")
	case errors.Is(err, files.ErrBusy), errors.Is(err, history.ErrBusy):
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusServiceUnavailable, "busy", "Too many uploads are going on. This one goes on from where it is in a moment.")
	case errors.Is(err, files.ErrOffset):
		refuse(w, http.StatusConflict, "offset", "The upload ends elsewhere: ask with HEAD how far it is, and go on from there.")
	case errors.Is(err, files.ErrInUse):
		refuse(w, http.StatusLocked, "in-use", "Another connection is writing this upload. Try again in a moment.")
	case errors.Is(err, files.ErrChecksum):
		refuse(w, statusChecksum, "checksum", "The bytes came damaged: their checksum does not fit. Send them again.")
	case errors.Is(err, files.ErrPosted):
		refuse(w, http.StatusConflict, "posted", "A message holds this file: delete the message.")
	case errors.Is(err, errStopped):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "stopped", "The upload was interrupted and goes on from where it is: ask with HEAD how far it is.")
	case errors.Is(err, errSlow):
		refuse(w, http.StatusServiceUnavailable, "slow", "Nothing came for a minute. The upload goes on from where it is: ask with HEAD how far it is.")
	default:
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The file cannot be stored right now. Try again in a moment.")
	}
}

// ticket answers with a ticket of whoever asks.
func (h *Files) ticket(w http.ResponseWriter, r *http.Request) {
	c := h.prove(w, r)
	if c == nil {
		return
	}
	ticket, until := h.chat.Ticket(c)
	answer(w, http.StatusOK, struct {
		Ticket string `json:"ticket"`
		Until  string `json:"until"`
	}{ticket, until.UTC().Format(time.RFC3339)})
}

// put uploads a file and posts it to the room, or the member, that path begins with.
func (h *Files) put(w http.ResponseWriter, r *http.Request, path string) {
	where, name, named := strings.Cut(path, "/")
	if !named { // curl adds the name behind a / alone: else the file would open a room that is called like it
		refuse(w, http.StatusBadRequest, "no-room", "Say the room and the name of the file, as in /files/lobby/photo.jpg. For curl -T, /files/lobby/ with the / at its end is enough.")
		return
	}
	c := h.prove(w, r)
	if c == nil {
		return
	}
	text := r.URL.Query().Get("text")
	if no := h.chat.MayPost(c, where, text); no != nil {
		refuseDenied(w, no)
		return
	}
	if r.ContentLength < 0 {
		refuse(w, http.StatusLengthRequired, "no-length", "Say how large the file is: upload a file, not a stream.")
		return
	}
	ctx := context.WithoutCancel(r.Context()) // what is done is done, also when nobody waits for the answer
	u, err := h.store.Begin(ctx, files.Draft{Owner: c.Ident, Name: name, Type: r.Header.Get("Content-Type"), Size: r.ContentLength})
	if err == nil && u.File == nil {
		u, err = h.receive(ctx, w, r, u.ID, c.Ident, 0, nil)
	}
	if err == nil && u.File == nil {
		err = errStopped
	}
	if err != nil {
		h.cancel(ctx, u.ID, c.Ident)
		h.refuseUpload(w, err)
		return
	}
	posted, no := h.chat.PostFile(ctx, c, where, u.ID, text)
	if no != nil {
		h.cancel(ctx, u.ID, c.Ident)
		refuseDenied(w, no)
		return
	}
	w.Header().Set("Location", posted.File)
	answer(w, http.StatusCreated, struct {
		URL  string `json:"url"`
		ID   string `json:"id"`
		Seq  uint64 `json:"seq"`
		Size int64  `json:"size"`
		Type string `json:"type"`
	}{ownAddress(r) + posted.File, posted.ID, posted.Seq, u.File.Size, u.File.Type})
}

// cancel removes what came of an upload that nobody will go on with.
func (h *Files) cancel(ctx context.Context, id, owner string) {
	if id != "" {
		_ = h.store.Cancel(ctx, id, owner) // else it goes after a day
	}
}

// ownAddress is how the asker addressed this server.
func ownAddress(r *http.Request) string {
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		u.Scheme = "https"
	}
	return u.String()
}
