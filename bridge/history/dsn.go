package history

import (
	"net/url"
	"path/filepath"
	"strings"
)

// dsn names a database file for the driver. Pragmas hold for each connection, so they go with it.
func dsn(path string, options string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/data
	}
	var b strings.Builder
	b.WriteString("file://")
	b.WriteString((&url.URL{Path: path}).EscapedPath())
	b.WriteString("?_txlock=immediate")
	if options != "" {
		b.WriteString("&" + options)
	}
	for _, p := range pragmas {
		b.WriteString("&_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}
