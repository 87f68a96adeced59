package web

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tincan/bridge/files"
)

// The words of tus 1.0 (tus.io/protocols/resumable-upload).
const (
	tusVersion     = "1.0.0"
	tusExtensions  = "creation,creation-with-upload,termination,checksum"
	tusChecksums   = "sha1,sha256"
	tusBody        = "application/offset+octet-stream"
	statusChecksum = 460

	maxMetadata = 8 << 10 // bytes of Upload-Metadata
)

// A fileAnswer is a whole upload, as its sender is told of it.
type fileAnswer struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Inline bool   `json:"inline"` // a browser shows it by itself; else it is only saved
}

// tus answers a request about an upload, or with an empty id about uploads.
func (h *Files) tus(w http.ResponseWriter, r *http.Request, id string) {
	method := r.Method
	if m := r.Header.Get("X-HTTP-Method-Override"); m != "" && method == http.MethodPost {
		method = m
	}
	w.Header().Set("Tus-Resumable", tusVersion)
	if method == http.MethodOptions {
		head := w.Header()
		head.Set("Tus-Version", tusVersion)
		head.Set("Tus-Extension", tusExtensions)
		head.Set("Tus-Checksum-Algorithm", tusChecksums)
		head.Set("Tus-Max-Size", strconv.FormatInt(h.store.Max(), 10))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if method != http.MethodGet && r.Header.Get("Tus-Resumable") != tusVersion {
		w.Header().Set("Tus-Version", tusVersion)
		refuse(w, http.StatusPreconditionFailed, "tus-version", "This address speaks tus "+tusVersion+": send the header Tus-Resumable: "+tusVersion+".")
		return
	}
	do := map[string]func(http.ResponseWriter, *http.Request, string, string){
		http.MethodPost: h.create, http.MethodHead: h.offset, http.MethodGet: h.show, http.MethodPatch: h.append, http.MethodDelete: h.terminate,
	}[method]
	if do == nil || (id == "") != (method == http.MethodPost) {
		w.Header().Set("Allow", "OPTIONS, POST")
		if id != "" {
			w.Header().Set("Allow", "OPTIONS, HEAD, GET, PATCH, DELETE")
		}
		refuse(w, http.StatusMethodNotAllowed, "method", "An upload begins with POST to "+uploadPath+", and goes on with HEAD and PATCH at its own address.")
		return
	}
	c := h.prove(w, r)
	if c == nil {
		return
	}
	if method == http.MethodPost || method == http.MethodPatch {
		if no := h.chat.MayUpload(c); no != nil {
			refuseDenied(w, no)
			return
		}
	}
	do(w, r, id, c.Ident)
}

// create begins an upload (creation), perhaps with its first bytes (creation-with-upload).
func (h *Files) create(w http.ResponseWriter, r *http.Request, _, owner string) {
	size, err := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64)
	if err != nil || size < 0 {
		refuse(w, http.StatusBadRequest, "no-length", "Say how many bytes the file has, in the header Upload-Length.")
		return
	}
	meta, err := parseMetadata(r.Header.Get("Upload-Metadata"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "metadata", "The header Upload-Metadata is not readable: "+err.Error()+".")
		return
	}
	var first *checksum
	with := r.Header.Get("Content-Type") == tusBody && r.ContentLength != 0
	if with {
		if first, err = parseChecksum(r.Header.Get("Upload-Checksum")); err != nil {
			refuseChecksum(w)
			return
		}
		if r.ContentLength > size {
			refuse(w, http.StatusRequestEntityTooLarge, "too-long", "These are more bytes than the upload has.")
			return
		}
	}
	ctx := context.WithoutCancel(r.Context())
	u, err := h.store.Begin(ctx, files.Draft{Owner: owner, Name: firstOf(meta["filename"], meta["name"]), Type: firstOf(meta["filetype"], meta["type"]), Size: size})
	if err != nil {
		h.refuseUpload(w, err)
		return
	}
	w.Header().Set("Location", uploadPath+"/"+u.ID)
	if with && u.File == nil {
		begun := u
		if u, err = h.receive(ctx, w, r, u.ID, owner, 0, first); errors.Is(err, files.ErrChecksum) {
			h.cancel(ctx, begun.ID, owner)
			w.Header().Del("Location")
			h.refuseUpload(w, err)
			return
		}
		if u.ID == "" {
			u = begun
		}
	}
	tell(w, u)
	w.WriteHeader(http.StatusCreated)
}

// offset tells how far an upload is.
func (h *Files) offset(w http.ResponseWriter, r *http.Request, id, owner string) {
	u, err := h.store.Upload(context.WithoutCancel(r.Context()), id, owner)
	if err != nil {
		h.refuseUpload(w, err)
		return
	}
	tell(w, u)
	w.Header().Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	w.WriteHeader(http.StatusOK)
}

// show answers with what a whole upload is.
func (h *Files) show(w http.ResponseWriter, r *http.Request, id, owner string) {
	u, err := h.store.Look(context.WithoutCancel(r.Context()), id, owner)
	switch {
	case err != nil:
		h.refuseUpload(w, err)
	case u.File == nil:
		tell(w, u)
		refuse(w, http.StatusConflict, "not-whole", "This upload is not whole yet.")
	default:
		answer(w, http.StatusOK, whole(u))
	}
}

// append goes on with an upload.
func (h *Files) append(w http.ResponseWriter, r *http.Request, id, owner string) {
	if r.Header.Get("Content-Type") != tusBody {
		refuse(w, http.StatusUnsupportedMediaType, "type", "Bytes of an upload come as Content-Type: "+tusBody+".")
		return
	}
	at, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || at < 0 {
		refuse(w, http.StatusBadRequest, "no-offset", "Say where these bytes begin, in the header Upload-Offset.")
		return
	}
	c, err := parseChecksum(r.Header.Get("Upload-Checksum"))
	if err != nil {
		refuseChecksum(w)
		return
	}
	u, err := h.receive(context.WithoutCancel(r.Context()), w, r, id, owner, at, c)
	if u.ID != "" {
		tell(w, u)
	}
	if err != nil {
		h.refuseUpload(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// terminate cancels an upload (termination).
func (h *Files) terminate(w http.ResponseWriter, r *http.Request, id, owner string) {
	if err := h.store.Cancel(context.WithoutCancel(r.Context()), id, owner); err != nil {
		h.refuseUpload(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// tell puts how far an upload is into the headers, and what it is when it is whole.
func tell(w http.ResponseWriter, u files.Upload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	if u.File != nil {
		text, err := json.Marshal(whole(u))
		if err == nil {
			w.Header().Set("Tincan-File", asciiJSON(text))
		}
	}
}

func whole(u files.Upload) fileAnswer {
	f := u.File
	return fileAnswer{f.ID, f.Name, f.Type, f.Size, f.SHA256, f.Width, f.Height, files.Inline(f.Type)}
}

// asciiJSON writes what is not ASCII as escapes: headers are not UTF-8 everywhere.
func asciiJSON(text []byte) string {
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			writeEscape(&b, 0xd800+r>>10)
			writeEscape(&b, 0xdc00+r&0x3ff)
		default:
			writeEscape(&b, r)
		}
	}
	return b.String()
}

func writeEscape(b *strings.Builder, r rune) {
	s := strconv.FormatInt(int64(r), 16)
	b.WriteString(`\u` + strings.Repeat("0", 4-len(s)) + s)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// parseMetadata reads Upload-Metadata: keys, each with a value in base64 or none, with commas between.
func parseMetadata(s string) (map[string]string, error) {
	meta := map[string]string{}
	if len(s) > maxMetadata {
		return nil, errors.New("it is too long")
	}
	if s == "" {
		return meta, nil
	}
	for pair := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if _, twice := meta[key]; key == "" || twice || err != nil {
			return nil, errors.New("write each key once, with its value in base64, and commas between")
		}
		meta[key] = string(text)
	}
	return meta, nil
}

// parseChecksum reads Upload-Checksum: an algorithm and a sum in base64; nil when there is none.
func parseChecksum(s string) (*checksum, error) {
	if s == "" {
		return nil, nil
	}
	kind, text, _ := strings.Cut(s, " ")
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	switch {
	case kind == "sha1" && len(sum) == sha1.Size:
		return &checksum{sha1.New(), sum}, nil
	case kind == "sha256" && len(sum) == sha256.Size:
		return &checksum{sha256.New(), sum}, nil
	}
	return nil, errors.New("no such checksum")
}

func refuseChecksum(w http.ResponseWriter) {
	refuse(w, http.StatusBadRequest, "checksum-kind", "Upload-Checksum is one of "+tusChecksums+", a space, and the sum in base64.")
}
