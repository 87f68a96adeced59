package bridge

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"tincan/bridge/history"
	"tincan/broker"
)

// maxPreview bounds the small version of a picture, in bytes: everybody who sees the message loads it.
const maxPreview = 1 << 20

// FilesPath is below which path of the page's address files are read: FilesPath + id + "/" + name.
const FilesPath = "/files/"

// A fileBody is what a message says of its file.
type fileBody struct {
	URL     string `json:"url"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Width   int    `json:"width,omitempty"`
	Height  int    `json:"height,omitempty"`
	Preview string `json:"preview,omitempty"` // where a small version of the picture is
}

// attach logs a post with a file, when the upload is whole and the poster's own.
func (c *changing) attach(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if no := c.b.attach(ctx, &c.p, c.st.member.ident); no != nil {
		if no.Key == keyNoFile && c.again(ctx) {
			return
		}
		c.refuse(no)
		return
	}
	c.b.append(c.st, c.t, c.key, c.p, c.m, c.ack, c.then)
}

// again acknowledges the repeat of a post whose file has gone since.
func (c *changing) again(ctx context.Context) bool {
	found, err := c.b.store.Find(ctx, c.key, c.p.id)
	i := slices.IndexFunc(found, func(e history.Entry) bool { return c.mine(e) && e.Kind == kindFile })
	if err != nil || i < 0 {
		return false
	}
	c.ack(broker.Ack{Props: seqProps(found[i].Seq, c.p.id)})
	return true
}

// attach fills in what a post says of its file, for whoever uploaded it.
func (b *Bridge) attach(ctx context.Context, p *post, ident string) *broker.Refusal {
	if !b.cfg.Files {
		return refusePayload("files-off", "this tincan takes no files: whoever runs it can change that (files.max)")
	}
	f, no := b.upload(ctx, p.upload, ident)
	if no != nil {
		return no
	}
	p.files = []string{f.ID}
	p.body.File = &fileBody{
		URL: fileURL(f), Name: f.Name, Type: f.Type, Size: f.Size, SHA256: f.SHA256, Width: f.Width, Height: f.Height,
	}
	if p.preview == "" {
		return nil
	}
	small, no := b.upload(ctx, p.preview, ident)
	switch {
	case no != nil:
		return no
	case small.Width == 0:
		return refusePayload("bad-preview", "the preview of a file is a picture, and %s is none", small.Name)
	case small.Size > maxPreview:
		return refuseTooLong("the preview of a file", int(small.Size), maxPreview)
	}
	p.files = append(p.files, small.ID)
	p.body.File.Preview = fileURL(small)
	return nil
}

// upload finds a whole upload of a member.
func (b *Bridge) upload(ctx context.Context, id, ident string) (history.File, *broker.Refusal) {
	f, _, err := b.store.File(ctx, id)
	switch {
	case errors.Is(err, history.ErrNoFile), err == nil && f.Owner != ident:
		return f, refuseNoFile()
	case err != nil:
		return f, refuseStore(err)
	}
	return f, nil
}

func fileURL(f history.File) string { return FilesPath + f.ID + "/" + url.PathEscape(f.Name) }
