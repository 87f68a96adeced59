package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tincan/bridge"
)

// The commands about names and hosts reach a tincan that runs by a listener of this computer alone, which nobody may use but who can read
// the data folder: there is a file with its address and a key, made anew at each start, readable by its owner only.

// controlFile is the file's name.
const controlFile = "tincan.control"

// A desk does what the commands ask for: a running chat, a folder in which none runs, or the way to the first.
type desk interface {
	HostLink(ctx context.Context) (token string, err error)
	AddName(ctx context.Context, name, passphrase string) error
	ChangeName(ctx context.Context, name, passphrase string) error
	RemoveName(ctx context.Context, name string) error
	KeptNames(ctx context.Context) ([]bridge.KeptName, error)
}

// A controlled is what the file holds.
type controlled struct {
	Address string `json:"address"`
	Key     string `json:"key"`
}

// A control serves a desk to the commands.
type control struct {
	file   string
	server *http.Server
}

// openControl begins; page tells where links lead now. Call close at the end.
func openControl(folder string, page func() string, d desk) (*control, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp", "[::1]:0"); err != nil {
			return nil, err
		}
	}
	var key [32]byte
	rand.Read(key[:]) // never fails
	told := controlled{Address: l.Addr().String(), Key: hex.EncodeToString(key[:])}
	text, err := json.Marshal(told)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	c := &control{file: filepath.Join(folder, controlFile)}
	c.server = &http.Server{Handler: controlHandler(told.Key, page, d), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 4 << 10}
	os.Remove(c.file) // of a run that was killed; it might be somebody else's to read
	if err := os.WriteFile(c.file, text, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go c.server.Serve(l) // ends with close
	return c, nil
}

// close ends it; nil has nothing to end.
func (c *control) close(ctx context.Context) error {
	if c == nil {
		return nil
	}
	os.Remove(c.file)
	return c.server.Shutdown(ctx)
}

// A controlAsk is what a command asks for, a controlAnswer what comes back.
type controlAsk struct {
	Do         string `json:"do"`
	Name       string `json:"name,omitempty"`
	Passphrase string `json:"passphrase,omitempty"`
}

type controlAnswer struct {
	Error string            `json:"error,omitempty"`
	Token string            `json:"token,omitempty"`
	Page  string            `json:"page,omitempty"` // address of the page, for links
	Names []bridge.KeptName `json:"names,omitempty"`
}

func controlHandler(key string, page func() string, d desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(key)) != 1 || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		var q controlAsk
		var a controlAnswer
		err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&q)
		switch {
		case err != nil:
		case q.Do == "page":
			a.Page = page()
		default:
			a, err = q.answer(r.Context(), d)
		}
		if err != nil {
			a.Error = err.Error()
		}
		json.NewEncoder(w).Encode(a) // fails only where the command is gone
	})
}

func (q controlAsk) answer(ctx context.Context, d desk) (a controlAnswer, err error) {
	switch q.Do {
	case "host":
		a.Token, err = d.HostLink(ctx)
	case "add":
		err = d.AddName(ctx, q.Name, q.Passphrase)
	case "passwd":
		err = d.ChangeName(ctx, q.Name, q.Passphrase)
	case "remove":
		err = d.RemoveName(ctx, q.Name)
	case "list":
		a.Names, err = d.KeptNames(ctx)
	default:
		err = fmt.Errorf("the tincan that runs does not know %q: it has another version", q.Do)
	}
	return a, err
}

// A farDesk is the desk of a running tincan.
type farDesk struct{ controlled }

// findControl is the way to the tincan that runs on a folder; nil when none does.
func findControl(folder string) (*farDesk, error) {
	text, err := os.ReadFile(filepath.Join(folder, controlFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var d farDesk
	if json.Unmarshal(text, &d.controlled) != nil {
		return nil, nil // half written by one that was killed
	}
	return &d, nil
}

// errNotRunning: the file is of a tincan that was killed.
var errNotRunning = errors.New("no tincan runs on this folder")

func (d *farDesk) ask(ctx context.Context, q controlAsk) (a controlAnswer, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.Address+"/", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Authorization", "Bearer "+d.Key)
	resp, err := (&http.Client{Transport: &http.Transport{Proxy: nil}}).Do(r)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return a, errNotRunning
	case err != nil:
		return a, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK { // somebody else listens there by now
		return a, errNotRunning
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// page is the address of the page, as it is now.
func (d *farDesk) page(ctx context.Context) (string, error) {
	a, err := d.ask(ctx, controlAsk{Do: "page"})
	return a.Page, err
}

func (d *farDesk) HostLink(ctx context.Context) (string, error) {
	a, err := d.ask(ctx, controlAsk{Do: "host"})
	return a.Token, err
}

func (d *farDesk) AddName(ctx context.Context, name, passphrase string) error {
	_, err := d.ask(ctx, controlAsk{Do: "add", Name: name, Passphrase: passphrase})
	return err
}

func (d *farDesk) ChangeName(ctx context.Context, name, passphrase string) error {
	_, err := d.ask(ctx, controlAsk{Do: "passwd", Name: name, Passphrase: passphrase})
	return err
}

func (d *farDesk) RemoveName(ctx context.Context, name string) error {
	_, err := d.ask(ctx, controlAsk{Do: "remove", Name: name})
	return err
}

func (d *farDesk) KeptNames(ctx context.Context) ([]bridge.KeptName, error) {
	a, err := d.ask(ctx, controlAsk{Do: "list"})
	return a.Names, err
}
