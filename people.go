package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"golang.org/x/term"

	"tincan/bridge"
	"tincan/bridge/history"
)

const hostHelp = `Whoever opens the link first, within an hour, and joins under a name becomes a host: hosts register names, make others hosts, moderate.
tincan may run on the folder or not; then the hour counts from its next start.

      --data FOLDER    the data folder (./tincan-data)
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

const nameHelp = `  add NAME       keep a name for good: only who knows its passphrase gets it
  passwd NAME    give it another passphrase, when the old one is lost; its sessions end
  list           print the names that are kept for good
  remove NAME    make it a name as any other

The passphrase is asked for, or read from standard input, one line. Nothing but Enter: tincan makes one and prints it. tincan may run on
the folder or not.

      --data FOLDER    the data folder (./tincan-data)
  -c, --config FILE, --set KEY=VALUE: as for tincan itself
`

// withDesk does something at the desk of a folder: that of the tincan that runs there, or the folder's own.
func withDesk(ctx context.Context, c *call, config *Config, do func(d desk, page string) error) (err error) {
	far, err := findControl(config.Data)
	if err != nil {
		return err
	}
	if far != nil {
		page, err := far.page(ctx)
		if err == nil {
			err = do(far, page)
		}
		if !errors.Is(err, errNotRunning) {
			return err
		}
	}
	store, err := history.Open(ctx, config.Data, history.Config{}, slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		err = errors.Join(err, store.Close(end))
	}()
	near, err := bridge.OpenDesk(ctx, store, time.Duration(config.Names.Hold))
	if err != nil {
		return err
	}
	return do(near, "http://"+net.JoinHostPort("localhost", config.HTTP.port()))
}

// hostLink is the link that makes whoever opens it a host.
func hostLink(page, token string) string { return page + "/#/host/" + token }

// inviteHost prints a link that makes a host.
func inviteHost(c *call) error {
	config, words, err := newFlags().parse(c.args, c.env)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return &misuse{[]string{fmt.Sprintf("%s: tincan host takes nothing more; the page asks who becomes one", words[0])}}
	}
	ctx := untilStopped()
	return withDesk(ctx, c, config, func(d desk, page string) error {
		token, err := d.HostLink(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.stdout, "Whoever opens this first, within an hour, becomes a host:\n  %s\n", hostLink(page, token))
		return err
	})
}

// tendNames adds, changes, lists or removes names for good.
func tendNames(c *call) error {
	config, words, err := newFlags().parse(c.args, c.env)
	if err != nil {
		return err
	}
	do := ""
	if len(words) > 0 {
		do, words = words[0], words[1:]
	}
	deeds := []string{"add", "passwd", "list", "remove"}
	switch do {
	case "":
		return &misuse{[]string{"tincan name: what shall be done is missing; write tincan name add, passwd, list or remove"}}
	case "list":
		if len(words) > 0 {
			return &misuse{[]string{fmt.Sprintf("%s: tincan name list takes nothing more", words[0])}}
		}
	case "add", "passwd", "remove":
		if len(words) != 1 {
			return &misuse{[]string{fmt.Sprintf(`tincan name %s: one name is needed; write tincan name %[1]s NAME, a name of two words as "Ada Okafor"`, do)}}
		}
	default:
		return &misuse{[]string{fmt.Sprintf("tincan name %s: unknown%s; write tincan name add, passwd, list or remove", do, didYouMean(nearest(do, deeds)))}}
	}
	passphrase, made := "", false
	if do == "add" || do == "passwd" {
		if passphrase, made, err = readPassphrase(c, words[0]); err != nil {
			return err
		}
	}
	ctx := untilStopped()
	return withDesk(ctx, c, config, func(d desk, _ string) error {
		switch do {
		case "add":
			err = d.AddName(ctx, words[0], passphrase)
		case "passwd":
			err = d.ChangeName(ctx, words[0], passphrase)
		case "remove":
			if err = d.RemoveName(ctx, words[0]); err == nil {
				_, err = fmt.Fprintf(c.stdout, "%s is a name as any other now.\n", words[0])
			}
			return err
		default:
			return listNames(ctx, c.stdout, d)
		}
		switch {
		case err != nil:
		case made:
			_, err = fmt.Fprintf(c.stdout, "%s is kept for good. The passphrase is %s\n", words[0], passphrase)
		default:
			_, err = fmt.Fprintf(c.stdout, "%s is kept for good.\n", words[0])
		}
		return err
	})
}

func listNames(ctx context.Context, to io.Writer, d desk) error {
	names, err := d.KeptNames(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		host := ""
		if n.Host {
			host = "  (host)"
		}
		if _, err := fmt.Fprintln(to, n.Name+host); err != nil {
			return err
		}
	}
	return nil
}

// readPassphrase asks for a passphrase, twice and unseen on a terminal; made says that none was given and tincan made one.
func readPassphrase(c *call, name string) (passphrase string, made bool, err error) {
	if !term.IsTerminal(int(c.stdin.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(c.stdin, 4<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, err
		}
		passphrase = strings.TrimRight(line, "\r\n")
	} else {
		if passphrase, err = askUnseen(c, "Passphrase for "+name+" (Enter: make one): "); err != nil {
			return "", false, err
		}
		if passphrase != "" {
			again, err := askUnseen(c, "Once more: ")
			if err != nil {
				return "", false, err
			}
			if again != passphrase {
				return "", false, &trouble{errors.New("the two are not the same; nothing was changed"), "try again"}
			}
		}
	}
	if passphrase == "" {
		return bridge.MakePassphrase(), true, nil
	}
	return passphrase, false, nil
}

func askUnseen(c *call, prompt string) (string, error) {
	fmt.Fprint(c.stderr, prompt)
	b, err := term.ReadPassword(int(c.stdin.Fd()))
	fmt.Fprintln(c.stderr)
	return string(b), err
}

var _ desk = (*bridge.Bridge)(nil)
