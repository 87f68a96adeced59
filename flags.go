package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const usage = `tincan is the chat room of its network: people join with a browser, devices and scripts with MQTT.

usage: tincan [flags]          open the room
       tincan config           print the configuration with every key explained, to start a file of your own
       tincan version          print the version
       tincan help             print this

  -c, --config FILE    lay this YAML file over the defaults
      --data FOLDER    keep everything in this folder (./tincan-data)
      --http ADDRESS   serve the page and MQTT over websocket there (:8080)
      --mqtt ADDRESS   serve MQTT there (:1883)
      --no-open        do not open the browser
      --set KEY=VALUE  set any key of the configuration; may be given again

Each key is an environment variable, too: names.hold is TINCAN_NAMES_HOLD. The command line wins over the environment, the
environment over the file.
`

// A command is what the command line asks for.
type command string

// Commands.
const (
	serve       command = "serve"
	showVersion command = "version"
	showConfig  command = "config"
	showHelp    command = "help"
)

// parseCommand reads the command line and the layers below it. faults holds everything that is wrong, one line each.
func parseCommand(args, env []string) (do command, c *Config, faults []string) {
	if len(args) == 1 {
		switch word := command(args[0]); word {
		case showVersion, showConfig, showHelp:
			return word, nil, nil
		}
	}

	// The flags come last but are read first, as one of them names the file: what they set is kept and applied at its turn.
	var sets []func(*overlay)
	var file string
	do = serve
	fs := flag.NewFlagSet("tincan", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&file, "config", "", "")
	fs.StringVar(&file, "c", "", "")
	for _, key := range []string{"data", "http", "mqtt"} {
		fs.Func(key, "", func(text string) error {
			sets = append(sets, func(o *overlay) { o.set("--"+key, o.find(key), text) })
			return nil
		})
	}
	fs.BoolFunc("no-open", "", func(string) error {
		sets = append(sets, func(o *overlay) { o.set("--no-open", o.find("open"), "false") })
		return nil
	})
	fs.Func("set", "", func(text string) error {
		sets = append(sets, func(o *overlay) { o.assign("--set", text) })
		return nil
	})
	fs.BoolFunc("version", "", func(string) error {
		do = showVersion
		return nil
	})

	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return showHelp, nil, nil
	}
	if err != nil {
		return serve, nil, []string{flagFault(fs, err)}
	}
	if do == showVersion {
		return do, nil, nil
	}
	if rest := fs.Args(); len(rest) > 0 {
		words := []string{string(showVersion), string(showConfig), string(showHelp)}
		return serve, nil, []string{fmt.Sprintf("%s: unknown command%s", rest[0], didYouMean(nearest(rest[0], words)))}
	}

	o := newOverlay()
	if file != "" {
		text, err := os.ReadFile(file)
		var where *os.PathError
		switch name := fileName(file); {
		case errors.As(err, &where):
			o.fault(name, "cannot be read: %v", where.Err)
		case err != nil:
			o.fault(name, "cannot be read: %v", err)
		default:
			o.file(name, text)
		}
	}
	o.environment(env)
	for _, set := range sets {
		set(o)
	}
	return serve, o.config, o.done()
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
