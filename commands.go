package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A command is the word that a command line begins with. Without one, tincan opens the room.
type command struct {
	word string
	args string // what follows it, in the list of commands
	tell string // one line
	help string // more lines about its flags; "": there is no more to tell
	run  func(*call) error
}

// A call is one use of a command. An error of run is told and ends the process with 1; a *misuse with 2.
type call struct {
	command               *command
	args, env             []string // args are those after the word
	stdin, stdout, stderr *os.File
}

// A misuse is a command line that cannot be understood: all that is wrong with it, one line each.
type misuse struct{ faults []string }

func (m *misuse) Error() string { return strings.Join(m.faults, "\n") }

// commands in the order of the list. It is a function, as help is one of them.
func commands() []command {
	return []command{
		{word: "backup", args: "FILE", tell: "write everything into one file, while tincan runs or not", help: backupHelp, run: makeBackup},
		{word: "restore", args: "FILE", tell: "make the data folder from a backup", help: restoreHelp, run: restoreBackup},
		{word: "export", args: "FOLDER", tell: "write the rooms as pages, tables and JSON lines", help: exportHelp, run: exportRooms},
		{word: "import", args: "FILE…", tell: "take JSON lines of tincan export into the data folder", help: importHelp, run: importRooms},
		{word: "host", tell: "print a link that makes whoever opens it first a host", help: hostHelp, run: inviteHost},
		{word: "name", args: "add|passwd|list|remove", tell: "tend the names that are kept for good", help: nameHelp, run: tendNames},
		{word: "config", tell: "print the configuration with every key explained, to start a file of your own", run: printConfig},
		{word: "version", tell: "print the version", run: printVersion},
		{word: "help", args: "[COMMAND]", tell: "print this, or more about one command", run: printHelp},
	}
}

// findCommand returns the command of a word, or nil.
func findCommand(word string) *command {
	all := commands()
	if i := slices.IndexFunc(all, func(c command) bool { return c.word == word }); i >= 0 {
		return &all[i]
	}
	return nil
}

// commandWords are those of all commands.
func commandWords() []string {
	var words []string
	for _, c := range commands() {
		words = append(words, c.word)
	}
	return words
}

func printConfig(c *call) error {
	if err := c.wantNoArgs(); err != nil {
		return err
	}
	_, err := c.stdout.Write(shipped)
	return err
}

func printVersion(c *call) error {
	if err := c.wantNoArgs(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.stdout, versionLine())
	return err
}

func printHelp(c *call) error {
	if len(c.args) == 0 {
		_, err := fmt.Fprint(c.stdout, usage())
		return err
	}
	about := findCommand(c.args[0])
	if about == nil {
		return &misuse{[]string{fmt.Sprintf("%s: unknown command%s", c.args[0], didYouMean(nearest(c.args[0], commandWords())))}}
	}
	return about.printHelp(c.stdout)
}

// printHelp tells about one command.
func (c *command) printHelp(to *os.File) error {
	_, err := fmt.Fprintf(to, "usage: tincan %s\n\n%s%s.\n", strings.TrimSpace(c.word+" "+c.args), strings.ToUpper(c.tell[:1]), c.tell[1:])
	if err == nil && c.help != "" {
		_, err = fmt.Fprint(to, "\n", c.help)
	}
	return err
}

func (c *call) wantNoArgs() error {
	if len(c.args) > 0 {
		if slices.Contains([]string{"-h", "-help", "--help"}, c.args[0]) {
			return errHelp
		}
		return &misuse{[]string{fmt.Sprintf("%s: tincan %s takes nothing more", c.args[0], c.command.word)}}
	}
	return nil
}

// usage is what tincan help prints.
func usage() string {
	var b strings.Builder
	b.WriteString(`tincan is the chat room of its network: people join with a browser, devices and scripts with MQTT.

usage: tincan [flags]                       open the room
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "       tincan %-28s  %s\n", strings.TrimSpace(c.word+" "+c.args), c.tell)
	}
	b.WriteString(`
  -c, --config FILE    lay this YAML file over the defaults
      --data FOLDER    keep everything in this folder (./tincan-data)
      --http ADDRESS   serve the page and MQTT over websocket there (:8080)
      --mqtt ADDRESS   serve MQTT there (:1883)
      --no-open        do not open the browser
      --set KEY=VALUE  set any key of the configuration; may be given again

Each key is an environment variable, too: names.hold is TINCAN_NAMES_HOLD. The command line wins over the environment, the
environment over the file. A command that looks into the folder takes -c, --data and --set, too.
`)
	return b.String()
}
