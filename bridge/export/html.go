package export

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"html"
	"io"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"tincan/bridge/history"
)

//go:embed page.css
var style string

// A month is one page of a room.
type month struct {
	file     string // beside the others of its room
	title    string
	messages int
}

// quotedMost is how many messages back one that is answered is still known by its author and words.
const quotedMost = 2000

// A book is a room as pages, one for each month in which something was said.
type book struct {
	room   Room
	to     Tree
	zone   *time.Location
	months []month

	out    io.WriteCloser
	page   *bufio.Writer // nil: none is open
	day    string        // of the last message
	last   *message
	quoted map[string]quote // by id
	ids    []string         // of quoted, oldest first
}

// A quote is what an answer shows of the message that it answers.
type quote struct{ file, anchor, from, text string }

// writeBook writes a room as pages below its own name.
func writeBook(ctx context.Context, a *history.Archive, r Room, to Tree, zone *time.Location, tell Tell) ([]month, error) {
	b := &book{room: r, to: to, zone: zone, quoted: map[string]quote{}}
	err := messages(ctx, a, r.LogInfo, tell, b.message)
	if e := b.endMonth(""); err == nil {
		err = e
	}
	return b.months, err
}

// message adds one to the page of its month.
func (b *book) message(m *message) error {
	at := m.Time.In(b.zone)
	if file := at.Format("2006-01") + ".html"; len(b.months) == 0 || b.months[len(b.months)-1].file != file {
		if err := b.beginMonth(file, at); err != nil {
			return err
		}
	}
	current := &b.months[len(b.months)-1]
	current.messages++
	if day := at.Format("Monday, 2 January 2006"); day != b.day {
		fmt.Fprintf(b.page, "<h2>%s</h2>\n", day)
		b.day, b.last = day, nil
	}
	b.write(m, at)
	b.last = m
	if m.ID != "" {
		if len(b.ids) == quotedMost {
			delete(b.quoted, b.ids[0])
			b.ids = b.ids[1:]
		}
		b.quoted[m.ID] = quote{current.file, fmt.Sprint(m.Seq), m.From, short(m.Text)}
		b.ids = append(b.ids, m.ID)
	}
	return nil
}

// beginMonth ends the page before and begins another one. Where the clock was set back, the page of that month is there already: the new
// one gets a number.
func (b *book) beginMonth(file string, at time.Time) error {
	title, n := at.Format("January 2006"), 1
	for _, m := range b.months {
		if strings.HasPrefix(m.title, title) {
			n++
		}
	}
	if n > 1 {
		file, title = fmt.Sprintf("%s-%d.html", strings.TrimSuffix(file, ".html"), n), fmt.Sprintf("%s (%d)", title, n)
	}
	if err := b.endMonth(file); err != nil {
		return err
	}
	out, err := b.to.Create(b.room.base + "/" + file)
	if err != nil {
		return err
	}
	b.out, b.page, b.day = out, bufio.NewWriterSize(out, 64<<10), ""
	head(b.page, b.room.Title+" – "+title)
	fmt.Fprintf(b.page, "<header><p><a href=\"%s\">All rooms</a></p>\n<h1><bdi>%s</bdi></h1>\n<p>%s</p>\n", up(b.room.base)+"index.html", text(b.room.Title), title)
	if len(b.months) > 0 {
		before := b.months[len(b.months)-1]
		fmt.Fprintf(b.page, "<p><a rel=prev href=\"%s\">%s</a></p>\n", before.file, before.title)
	}
	b.page.WriteString("</header>\n<main>\n")
	b.months = append(b.months, month{file: file, title: title})
	return nil
}

// endMonth ends the open page, with the way to the next one if there is one.
func (b *book) endMonth(next string) error {
	if b.page == nil {
		return nil
	}
	b.page.WriteString("</main>\n")
	if next != "" {
		fmt.Fprintf(b.page, "<footer><p><a rel=next href=\"%s\">Next month</a></p></footer>\n", next)
	}
	b.page.WriteString("</body></html>\n")
	err := b.page.Flush()
	if e := b.out.Close(); err == nil {
		err = e
	}
	b.page = nil
	return err
}

// up leads from a page of a room to the folder of the index.
func up(base string) string { return strings.Repeat("../", strings.Count(base, "/")+1) }

// write writes one message. What the same member said within a few minutes stands below its name.
func (b *book) write(m *message, at time.Time) {
	goesOn := b.last != nil && b.last.From == m.From && m.Time.Sub(b.last.Time) < 5*time.Minute && m.Reply == ""
	class := "m"
	if goesOn {
		class = "m on"
	}
	fmt.Fprintf(b.page, `<article class="%s" id="%d"><p class="by"><b><bdi>%s</bdi></b> <a href="#%d"><time datetime="%s">%s</time></a>`,
		class, m.Seq, text(m.From), m.Seq, stamped(m.Time), at.Format("15:04"))
	if m.Edited != "" {
		fmt.Fprintf(b.page, ` <span title="%s">edited</span>`, text(m.Edited))
	}
	b.page.WriteString("</p>")
	if m.Reply != "" {
		b.answer(m.Reply)
	}
	switch {
	case m.Deleted:
		b.page.WriteString(`<p class="gone">This message was deleted.</p>`)
	case m.Text != "":
		b.page.WriteString(`<div class="t" dir="auto">` + rich(m.Text) + `</div>`)
	}
	if m.File != nil {
		b.attach(m.File)
	}
	if len(m.Options) > 0 {
		b.page.WriteString(`<ul class="poll">`)
		for i, o := range m.Options {
			fmt.Fprintf(b.page, `<li><bdi>%s</bdi> <b>%d</b></li>`, text(o), m.votes(i))
		}
		b.page.WriteString("</ul>")
	}
	if len(m.Reactions) > 0 {
		b.page.WriteString(`<ul class="re">`)
		for _, r := range m.Reactions {
			fmt.Fprintf(b.page, `<li title="%s">%s %d</li>`, text(strings.Join(r.From, ", ")), text(r.Text), len(r.From))
		}
		b.page.WriteString("</ul>")
	}
	b.page.WriteString("</article>\n")
}

// answer writes what a message answers.
func (b *book) answer(id string) {
	q, ok := b.quoted[id]
	if !ok {
		b.page.WriteString(`<p class="re-to">Answer to an earlier message</p>`)
		return
	}
	href := "#" + q.anchor
	if current := b.months[len(b.months)-1].file; q.file != current {
		href = q.file + href
	}
	fmt.Fprintf(b.page, `<p class="re-to"><a href="%s"><b><bdi>%s</bdi></b> <bdi>%s</bdi></a></p>`, href, text(q.from), text(q.text))
}

// attach writes the file of a message, which lies beside the pages where it was to be had.
func (b *book) attach(f *attachment) {
	href := ""
	if name := fileName(f); name != "" {
		href = up(b.room.base) + "files/" + (&url.URL{Path: name}).EscapedPath()
	}
	if strings.HasPrefix(f.Type, "image/") && f.Type != "image/svg+xml" {
		fmt.Fprintf(b.page, `<p class="file"><a href="%s"><img src="%s" alt="%s" loading="lazy"></a></p>`, text(href), text(href), text(f.Name))
		return
	}
	fmt.Fprintf(b.page, `<p class="file"><a href="%s" download><bdi>%s</bdi></a> %s</p>`, text(href), text(f.Name), size(f.Size))
}

// fileName is how the file of a message is called beside the pages; empty when its address is none of ours.
func fileName(f *attachment) string {
	parts := strings.Split(strings.TrimPrefix(f.URL, "/"), "/")
	if len(parts) < 2 || parts[0] != "files" || !plainID.MatchString(parts[1]) {
		return ""
	}
	return besideName(parts[1], f.Name)
}

// besideName is how a file is called in the folder files: its random id, which tells it from others, and its own extension.
func besideName(id, name string) string {
	if ext := strings.ToLower(path.Ext(name)); plainExt.MatchString(ext) {
		return id + ext
	}
	return id
}

var (
	plainID  = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)
	plainExt = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)
)

func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// link finds what is made a link of: addresses of the web, without the punctuation that ends a sentence.
var link = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `]*[^\s<>"'` + "`" + `.,;:!?)\]}]`)

// rich is a text as HTML: escaped, with links, and with what stands between rows of three backticks as code.
func rich(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, "```") {
		if i%2 == 1 {
			_, code, found := strings.Cut(part, "\n") // after the language
			if !found {
				code = part
			}
			b.WriteString("<pre dir=ltr><code>" + text(code) + "</code></pre>")
			continue
		}
		at := 0
		for _, m := range link.FindAllStringIndex(part, -1) {
			b.WriteString(text(part[at:m[0]]))
			fmt.Fprintf(&b, `<a href="%s" rel="noreferrer noopener">%s</a>`, text(part[m[0]:m[1]]), text(part[m[0]:m[1]]))
			at = m[1]
		}
		b.WriteString(text(part[at:]))
	}
	return b.String()
}

// short is the beginning of a text on one line.
func short(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return string(r)
}

func text(s string) string { return html.EscapeString(s) }

// head begins a page. It loads nothing but the files beside it, and runs nothing.
func head(w io.Writer, title string) {
	fmt.Fprintf(w, "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\n"+
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:\">\n"+
		"<meta name=referrer content=no-referrer><title>%s</title>\n<style>\n%s</style></head><body>\n", text(title), style)
}

// writeIndex writes the page that leads to all others.
func writeIndex(w io.Writer, rooms []Room, months [][]month, now time.Time) {
	head(w, "Rooms")
	fmt.Fprintf(w, "<header><h1>Rooms</h1>\n<p>As of <time datetime=\"%s\">%s</time></p></header>\n<main>\n", stamped(now), now.Format("2 January 2006, 15:04 MST"))
	for i, r := range rooms {
		fmt.Fprintf(w, "<h2><bdi>%s</bdi></h2>\n<ul class=months>\n", text(r.Title))
		for _, m := range months[i] {
			word := "messages"
			if m.messages == 1 {
				word = "message"
			}
			href := (&url.URL{Path: "./" + r.base + "/" + m.file}).EscapedPath()
			fmt.Fprintf(w, "<li><a href=\"%s\">%s</a> %d %s</li>\n", text(href), text(m.title), m.messages, word)
		}
		io.WriteString(w, "</ul>\n")
	}
	io.WriteString(w, "</main></body></html>\n")
}
