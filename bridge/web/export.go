package web

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"tincan/bridge"
	"tincan/bridge/export"
	"tincan/bridge/history"
)

// Paths of what members take with them.
const (
	exportPath = "/api/export" // a room, or what one has said to another member
	minePath   = "/api/mine"   // whatever is one's own
)

// exportsMost is how many exports are written at the same time; each member has one of them.
const exportsMost = 2

// A Carrier knows what somebody may take along. [bridge.Bridge] is one.
type Carrier interface {
	MayExport(c *bridge.Visitor, where string) (log string, after uint64, no *bridge.Denial)
	OwnOf(c *bridge.Visitor) bridge.Own
}

// Exports lets members take with them what they may read: /api/export and /api/mine. It is called before the first request.
func (h *Files) Exports(archive *history.Archive, carrier Carrier, version string) {
	h.archive, h.carrier, h.version = archive, carrier, version
}

// export answers with a room or with one's own data, written as it goes. HEAD tells whether it would.
func (h *Files) export(w http.ResponseWriter, r *http.Request) {
	c := h.reader(w, r)
	switch {
	case c == nil:
		return
	case c.Ident == "":
		refuse(w, http.StatusUnauthorized, "no-secret", "Say who you are, by name and secret (curl -u name:secret) or by a ticket that is not too old.")
		return
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "html"
	}
	if !slices.Contains(export.Formats, format) {
		refuse(w, http.StatusBadRequest, "bad-format", "A room is exported as html, csv or jsonl.")
		return
	}
	if !h.beginExport(c.Ident) {
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusTooManyRequests, "busy", "You are taking something with you already, or too many others are. Wait until it is done.")
		return
	}
	defer h.endExport(c.Ident)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	t := h.begin(func(at time.Time) error {
		if !at.IsZero() && !at.After(time.Now()) {
			cancel() // the server stops
		}
		return http.NewResponseController(w).SetWriteDeadline(at)
	})
	defer h.end(t)
	o := export.Options{Version: h.version, Now: time.Now(), Guest: true, Content: func(f history.File) (io.ReadCloser, error) {
		return h.store.Content(f)
	}}
	out := &outgoing{ResponseWriter: w, transfer: t}
	var err error
	if r.URL.Path == minePath {
		err = h.exportMine(ctx, out, r, c, o)
	} else {
		o.Formats = []string{format}
		err = h.exportRoom(ctx, out, r, c, o)
	}
	if err != nil { // the beginning is sent: only a connection that breaks tells that the end is missing
		panic(http.ErrAbortHandler)
	}
}

func (h *Files) beginExport(ident string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.exports[ident] || len(h.exports) >= exportsMost {
		return false
	}
	if h.exports == nil {
		h.exports = map[string]bool{}
	}
	h.exports[ident] = true
	return true
}

func (h *Files) endExport(ident string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.exports, ident)
}

// logs are what is there by the key of a log.
func (h *Files) logs(ctx context.Context) (map[string]history.LogInfo, error) {
	all, err := h.archive.Logs(ctx)
	by := make(map[string]history.LogInfo, len(all))
	for _, l := range all {
		by[l.Name] = l
	}
	return by, err
}

// exportRoom writes one room: its pages and files as a zip, or one table, or lines; with files beside, these are a zip, too.
func (h *Files) exportRoom(ctx context.Context, w http.ResponseWriter, r *http.Request, c *bridge.Visitor, o export.Options) error {
	where, format := r.URL.Query().Get("room"), o.Formats[0]
	key, after, no := h.carrier.MayExport(c, where)
	if no != nil {
		refuseDenied(w, no)
		return nil
	}
	logs, err := h.logs(ctx)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The room cannot be read right now. Try again in a moment.")
		return nil
	}
	l, ok := logs[key]
	if l.First = max(l.First, after+1); !ok || l.First > l.Last {
		refuse(w, http.StatusNotFound, "nothing", "Nothing has been said there yet.")
		return nil
	}
	room := export.Room{LogInfo: l, Title: strings.TrimPrefix(where, "@")}
	if format == "html" || r.URL.Query().Has("files") {
		if download(w, r, room.Title+".zip", "application/zip") {
			return nil
		}
		z := export.NewZip(w)
		if err := export.Write(ctx, h.archive, []export.Room{room}, z, o, func(int64, int64) {}); err != nil {
			return err
		}
		return z.Close()
	}
	if download(w, r, room.Title+"."+format, map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[format]) {
		return nil
	}
	return export.One(ctx, h.archive, room, w, format, o, func(int64, int64) {})
}

// exportMine writes whatever is somebody's own: what it has said, its conversations with others, and what else is kept of it.
func (h *Files) exportMine(ctx context.Context, w http.ResponseWriter, r *http.Request, c *bridge.Visitor, o export.Options) error {
	logs, err := h.logs(ctx)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "unavailable", "Your data cannot be read right now. Try again in a moment.")
		return nil
	}
	own := h.carrier.OwnOf(c)
	var rooms []history.LogInfo
	for _, l := range logs {
		if !l.Direct() || bridge.IsPairOf(l.Name, c.Ident) {
			rooms = append(rooms, l)
		}
	}
	slices.SortFunc(rooms, func(a, b history.LogInfo) int { return strings.Compare(a.Name, b.Name) })
	if download(w, r, "my-data.zip", "application/zip") {
		return nil
	}
	o.Written = map[string]bool{}
	z := export.NewZip(w)
	if err := export.Mine(ctx, h.archive, rooms, own.Author, own, z, o); err != nil {
		return err
	}
	direct, err := export.Direct(ctx, h.archive, func(name string) bool { return bridge.IsPairOf(name, c.Ident) })
	if err != nil {
		return err
	}
	if len(direct) > 0 {
		o.Formats = []string{"html"}
		if err := export.Write(ctx, h.archive, direct, z, o, func(int64, int64) {}); err != nil {
			return err
		}
	}
	return z.Close()
}

// download has a browser save what is sent. It tells whether that is all: only the head was asked for.
func download(w http.ResponseWriter, r *http.Request, name, kind string) bool {
	head := w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Security-Policy", policy)
	head.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return r.Method == http.MethodHead
}
