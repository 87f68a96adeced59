package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sizes measures what is delivered: the binaries that make cross left beside the one that was measured,
// and the page.
func (b *bench) sizes(context.Context) error {
	for _, target := range []string{"linux-amd64", "linux-arm64", "linux-armv6", "windows-amd64.exe", "darwin-arm64"} {
		info, err := os.Stat(filepath.Join(filepath.Dir(b.binary), "tincan-"+target))
		if err != nil {
			return fmt.Errorf("make cross builds what is measured here: %w", err)
		}
		b.table.add(figure{what: "binary for " + strings.TrimSuffix(target, ".exe"), format: "%.1f MB",
			of: [bare + 1][]float64{ours: {float64(info.Size()) / 1e6}}}, atMost(18, "MB"))
	}
	var page int64
	err := filepath.WalkDir("webui/dist", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".br") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			page += info.Size()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the page (run this in the root of the repository): %w", err)
	}
	b.table.add(figure{what: "the whole page as brotli", format: "%.1f kB", of: [bare + 1][]float64{ours: {float64(page) / 1e3}}}, atMost(60, "kB"))
	return nil
}
