package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is what this source calls itself.
const version = "0.1.0"

// build is the revision that the binary was made from, with + when the sources had changes; "" when that is not known.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var revision, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + changed
}

// versionLine is what tincan version prints.
func versionLine() string {
	line := "tincan " + version
	if b := build(); b != "" {
		line += " (" + b + ")"
	}
	return fmt.Sprintf("%s %s %s/%s", line, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
