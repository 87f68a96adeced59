package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A flags is a command line that is being read, and the layers of the configuration below it. What lies in it from the beginning are
// the flags that every command has which looks into the folder: --config, --data, --set. A command adds its own to the set.
type flags struct {
	*flag.FlagSet
	file string
	sets []func(*overlay) // they come last but are read first, as one of them names the file: kept and applied at their turn
}

func newFlags() *flags {
	f := &flags{FlagSet: flag.NewFlagSet("tincan", flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.StringVar(&f.file, "config", "", "")
	f.StringVar(&f.file, "c", "", "")
	f.key("data")
	f.Func("set", "", func(text string) error {
		f.sets = append(f.sets, func(o *overlay) { o.assign("--set", text) })
		return nil
	})
	return f
}

// key makes a flag that is short for a key of the configuration.
func (f *flags) key(key string) {
	f.Func(key, "", func(text string) error {
		f.sets = append(f.sets, func(o *overlay) { o.set("--"+key, o.find(key), text) })
		return nil
	})
}

// errHelp: help is asked for.
var errHelp = flag.ErrHelp

// parse reads a command line, in which flags may stand before, between and after the words, and the layers below it. An error is
// errHelp or a *misuse with everything that is wrong.
func (f *flags) parse(args, env []string) (c *Config, words []string, err error) {
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, nil, errHelp
		} else if err != nil {
			return nil, nil, &misuse{[]string{flagFault(f.FlagSet, err)}}
		}
		rest := f.Args()
		if n := len(args) - len(rest); len(rest) == 0 || n > 0 && args[n-1] == "--" {
			words = append(words, rest...)
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	c, faults := f.layers(env)
	if len(faults) > 0 {
		return nil, nil, &misuse{faults}
	}
	return c, words, nil
}

// layers lays the file, the environment and the flags over the defaults.
func (f *flags) layers(env []string) (*Config, []string) {
	o := newOverlay()
	if f.file != "" {
		text, err := os.ReadFile(f.file)
		var where *os.PathError
		switch name := fileName(f.file); {
		case errors.As(err, &where):
			o.fault(name, "cannot be read: %v", where.Err)
		case err != nil:
			o.fault(name, "cannot be read: %v", err)
		default:
			o.file(name, text)
		}
	}
	o.environment(env)
	for _, set := range f.sets {
		set(o)
	}
	return o.config, o.done()
}

// errVersion: --version was given.
var errVersion = errors.New("the version is asked for")

// parseServe reads the command line that opens the room. An error is errHelp, errVersion or a *misuse.
func parseServe(args, env []string) (*Config, error) {
	f := newFlags()
	f.key("http")
	f.key("mqtt")
	f.BoolFunc("no-open", "", func(string) error {
		f.sets = append(f.sets, func(o *overlay) { o.set("--no-open", o.find("open"), "false") })
		return nil
	})
	showVersion := f.Bool("version", false, "")
	c, words, err := f.parse(args, env)
	switch {
	case len(words) > 0 && findCommand(words[0]) != nil:
		return nil, &misuse{[]string{fmt.Sprintf("%s: a command comes first: tincan %s", words[0], comeFirst(words[0], args))}}
	case len(words) > 0:
		return nil, &misuse{[]string{fmt.Sprintf("%s: unknown command%s", words[0], didYouMean(nearest(words[0], commandWords())))}}
	case *showVersion && !errors.Is(err, errHelp):
		return nil, errVersion
	}
	return c, err
}

// comeFirst is a command line with a word moved to its beginning.
func comeFirst(word string, args []string) string {
	i := slices.Index(args, word)
	return strings.Join(slices.Concat([]string{word}, args[:i], args[i+1:]), " ")
}

// fileName is how faults call the user's file; never as the shipped one.
func fileName(path string) string {
	if path == shippedName {
		return "." + string(filepath.Separator) + path
	}
	return path
}

// flagFault says in our words what package flag found.
func flagFault(fs *flag.FlagSet, err error) string {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var known []string
		fs.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
		meant := nearest(name, append(known, "help"))
		if meant != "" {
			meant = "--" + meant
		}
		return fmt.Sprintf("--%s: unknown flag%s", name, didYouMean(meant))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Sprintf("--%s: a value is missing", name)
	}
	return text
}
