// Command tincan is the chat room of its network: one process that serves a page, an MQTT broker and a durable log of what was
// said. This package is configuration and wiring; the order of start and stop is read here.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"tincan/bridge"
	"tincan/bridge/files"
	"tincan/bridge/history"
	"tincan/bridge/web"
	"tincan/broker"
	"tincan/webui"
)

// stopTime is how long a clean stop may take; what is on disk by then is kept in any case.
const stopTime = 5 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the process without its edges. It returns the exit code: 0 after a clean stop, 1 when the machine does not let it
// work, 2 when the command line or the configuration is at fault.
func run(args, env []string, stdin, stdout, stderr *os.File) int {
	work := openRoom
	c := &call{args: args, env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) > 0 {
		if c.command = findCommand(args[0]); c.command != nil {
			work, c.args = c.command.run, args[1:]
		}
	}
	err := work(c)
	var bad *misuse
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errHelp) && c.command == nil:
		fmt.Fprint(stdout, usage())
		return 0
	case errors.Is(err, errHelp):
		c.command.printHelp(stdout)
		return 0
	case errors.Is(err, errVersion):
		fmt.Fprintln(stdout, versionLine())
		return 0
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, bad)
		fmt.Fprintln(stderr, "tincan: hint: tincan help lists the commands and flags, tincan config every key with its meaning")
		return 2
	}
	tell(stderr, err)
	return 1
}

// openRoom is tincan without a command.
func openRoom(c *call) error {
	config, err := parseServe(c.args, c.env)
	if err != nil {
		return err
	}
	// The first signal asks for a clean stop. From then on signals mean again what they always do: a second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return open(ctx, config, c.stdout, newLogger(config, c.stderr))
}

// open opens the room and keeps it open until ctx ends, or until it cannot go on, which the error tells.
func open(ctx context.Context, config *Config, stdout *os.File, log *slog.Logger) error {
	begun := time.Now()

	// The addresses come before the folder: a second tincan by mistake must not touch what belongs to the first.
	httpListener, err := listen("http", config.HTTP, "--http ", ":8081")
	if err != nil {
		return err
	}
	defer httpListener.Close()
	mqttListener, err := listen("mqtt", config.MQTT, "--mqtt ", ":1884")
	if err != nil {
		return err
	}
	defer mqttListener.Close()
	var metricsListener net.Listener // nil: off
	if config.Metrics != "" {
		if metricsListener, err = listen("metrics", config.Metrics, "--set metrics=", "127.0.0.1:9465"); err != nil {
			return err
		}
		defer metricsListener.Close()
	}

	room := capacityFor(descriptorLimit(), config.Limits.Sessions)
	if room.sessions < config.Limits.Sessions {
		log.Warn("fewer sessions than configured: this process may open too few files", "limits.sessions", config.Limits.Sessions,
			"sessions", room.sessions, "descriptors", descriptorLimit(), "remedy", "raise it: LimitNOFILE= in a unit of systemd, else ulimit -n")
	}
	mem := limitMemory()
	log.Debug("memory ceiling", "ceiling", Size(mem.ceiling).String(), "heap", Size(mem.heap).String(), "queued", Size(mem.queued).String())
	folder, err := filepath.Abs(config.Data)
	if err != nil {
		return err
	}
	store, err := history.Open(ctx, config.Data, history.Config{Read: bridge.Reader()}, log)
	if err != nil {
		return err
	}
	chat, err := bridge.New(bridge.Config{
		Hold:              time.Duration(config.Names.Hold),
		Door:              config.Door,
		Reserved:          config.Names.Reserved,
		RegisteredOnly:    config.Names.RegisteredOnly,
		MessagesPerSecond: float64(config.Limits.MessagesPerSecond),
		MessagesBurst:     config.Limits.MessagesBurst,
		Rooms:             config.Rooms.Max,
		FixedRooms:        config.Rooms.Fixed,
		TopicsOpen:        config.Topics.Open,
		TopicsClosed:      config.Topics.Closed,
		KeepDays:          config.History.Keep.Days,
		KeepMessages:      config.History.Keep.Messages,
		KeepBytes:         int64(config.History.Keep.Bytes),
		AttendanceDays:    config.History.Attendance,
		Version:           version,
		Build:             webui.BuildID(),
		Files:             config.Files.Max > 0,
	}, store, log)
	if err != nil {
		return errors.Join(err, store.Close(ctx))
	}
	uploads, err := files.Open(config.Data, files.Config{
		Max: int64(config.Files.Max), Quota: int64(config.Files.Quota), Keep: time.Duration(config.Files.Keep),
		Limits: chat.FileLimits,
	}, store, log)
	if err != nil {
		return errors.Join(&trouble{
			what: fmt.Errorf("cannot use the folder of the files in %s: %w", config.Data, err),
			hint: "give this user the right to read and write there, or choose another folder with --data another-folder",
		}, store.Close(ctx))
	}
	httpAddr, mqttAddr := httpListener.Addr().(*net.TCPAddr), mqttListener.Addr().(*net.TCPAddr)
	mqtt, err := broker.New(broker.Config{
		Version:       version,
		HTTPPort:      httpAddr.Port,
		QueueBytes:    int(config.Limits.Queue),
		MaxPacket:     int(config.Limits.Packet),
		QueuedBytes:   mem.queued,
		MemoryBytes:   mem.heap,
		RetainedBytes: mem.retained,
		Keepalive:     time.Duration(config.Limits.Keepalive),
		SessionExpiry: time.Duration(config.Limits.SessionExpiry),
		Store:         store,
		MaxSessions:   room.sessions,
		MaxPending:    room.pending,
		MaxPerAddress: config.Limits.SessionsPerAddress,
		Hosts:         config.Hosts,
		Origins:       config.Origins,
	}, chat, log)
	if err != nil {
		return errors.Join(explain(store, err), store.Close(ctx))
	}
	if err := chat.Start(ctx, mqtt); err != nil {
		return errors.Join(explain(store, err), store.Close(ctx))
	}

	mux := http.NewServeMux()
	mux.Handle("/mqtt", mqtt.WebSocket())
	invite := invitation{title: placeName(config), http: httpAddr, mqtt: mqttAddr, chat: chat.Stats}
	shared := web.NewFiles(uploads, chat)
	shared.Exports(store.Archive(), chat, version)
	for _, path := range []string{"/api/upload", "/api/upload/", "/api/ticket", "/api/export", "/api/mine", bridge.FilesPath} {
		mux.Handle(path, shared)
	}
	mux.Handle("/api/", web.New(store, chat, invite.place))
	var health health
	mux.Handle("/healthz", &health)
	mux.Handle("/", webui.Handler(webui.Config{MQTTPort: strconv.Itoa(mqttAddr.Port), Place: placeName(config)}))
	told := figures{began: begun, data: folder, broker: mqtt.Stats, chat: chat.Stats, files: uploads.Stats}
	page, metrics := newHTTPServer(mqtt.GuardHost(mux), room.http, log), newHTTPServer(mqtt.GuardHost(told.handler()), room.metrics, log)

	var keeping sync.WaitGroup
	keepCtx, keepNoMore := context.WithCancel(context.WithoutCancel(ctx))
	defer keepNoMore()
	keeping.Go(func() { uploads.Serve(keepCtx) })

	failed := make(chan error, 3)
	go func() { failed <- page.Serve(httpListener) }()
	go func() { failed <- mqtt.Serve(ctx, mqttListener) }()
	ready := []any{"http", httpAddr.String(), "mqtt", mqttAddr.String()}
	if metricsListener != nil {
		go func() { failed <- metrics.Serve(metricsListener) }()
		ready = append(ready, "metrics", metricsListener.Addr().String())
	}

	own := webAddresses(httpAddr, nil, "")[0].url // where a browser of this computer goes
	greeting := newGreeting(config, folder, httpAddr, mqttAddr, stdout)
	local := config.Open && browserCommand(own, runtime.GOOS, os.Getenv, isTerminal(stdout)) != nil // somebody sits at this computer
	linked := func() string {                                                                       // where links lead: the address of the page, as it is now
		if local {
			return own
		}
		return webAddresses(httpAddr, shareable(netInterfaces()), greeting.host)[0].url
	}
	desk, err := openControl(config.Data, linked, chat)
	if err != nil {
		log.Warn("tincan host and tincan name will not reach this tincan: use them while it is stopped", "err", err)
	}
	offer := func(ctx context.Context) { // the first host's link
		if greeting.hostLink = ""; chat.HasHost() {
			return
		}
		token, err := chat.HostLink(ctx)
		if err != nil {
			log.Warn("there is no link for the first host: use tincan host later", "err", err)
			return
		}
		greeting.hostLink = hostLink(linked(), token)
	}
	offer(ctx)
	greeting.print(stdout)
	log.Info("ready", append(ready, "took", time.Since(begun))...)
	if config.Open {
		url := cmp.Or(greeting.hostLink, own)
		if opened, err := openBrowser(url, isTerminal(stdout)); err != nil {
			log.Info("no browser was opened", "err", err)
		} else if opened {
			log.Debug("opened a browser", "url", url)
		}
	}
	watch := newLookout(greeting, func(now []netip.Addr) {
		greeting.addrs = now
		offer(keepCtx)
		greeting.printNews(stdout)
	})
	if watch != nil {
		keeping.Go(func() { watch.Serve(keepCtx) })
	}

	select {
	case <-ctx.Done():
	case err = <-failed:
		if ctx.Err() != nil {
			err = nil
		}
	}

	// The stop goes as a message travels, so that nothing is accepted that cannot be stored: the doors, the sessions, the chat,
	// the log.
	health.stopping.Store(true)
	log.Info("stopping")
	late := time.AfterFunc(stopTime, func() {
		log.Error("did not stop in time; what was acknowledged is on disk", "after", stopTime)
		os.Exit(1)
	})
	defer late.Stop()
	end, cancel := context.WithTimeout(context.Background(), stopTime-time.Second)
	defer cancel()
	chat.Stopping()
	err = errors.Join(err, desk.close(end))
	mqttListener.Close()
	httpListener.Close()
	shared.Stop()
	err = errors.Join(err, mqtt.Close(end), shutdown(end, page), shutdown(end, metrics))
	keepNoMore()
	keeping.Wait()
	chat.Close()
	if err = errors.Join(err, store.Close(end)); err == nil {
		log.Info("stopped")
	}
	return err
}

// explain is err for the person who runs tincan, when it is about what the folder holds.
func explain(store *history.Store, err error) error {
	switch {
	case errors.Is(err, broker.ErrStoreNewer):
		err = fmt.Errorf("%w: %w", history.ErrNewer, err)
	case errors.Is(err, broker.ErrStoreDamaged):
		err = fmt.Errorf("%w: %w", history.ErrDamaged, err)
	}
	return store.Explain(err)
}

// newHTTPServer makes a server with the limits that all of ours have, and at most so many connections.
func newHTTPServer(h http.Handler, most int, log *slog.Logger) *http.Server {
	return &http.Server{
		ConnState:         (&callers{most: most}).changed,
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second, // no WriteTimeout: it would end websockets
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// shutdown ends a server whose listener may be closed already; http tells that as an error while its Accept has not come back.
func shutdown(ctx context.Context, s *http.Server) error {
	if err := s.Shutdown(ctx); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// listen opens the listener of one key. flag is what stands before an address on the command line, other an address to propose
// when this one is in use.
func listen(key string, a Addr, flag, other string) (net.Listener, error) {
	l, err := net.Listen("tcp", string(a))
	if err == nil {
		return l, nil
	}
	t := &trouble{
		what: fmt.Errorf("cannot listen on %s (%s): %w", a, key, cause(err)),
		hint: fmt.Sprintf("choose another address, such as %s%s", flag, other),
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		t.what = fmt.Errorf("cannot listen on %s (%s): another program uses this port", a, key)
		t.hint = fmt.Sprintf("stop that program, perhaps another tincan, or choose another port with %s%s", flag, other)
	case errors.Is(err, syscall.EACCES):
		t.hint = fmt.Sprintf("ports below 1024 are for the administrator on most systems; choose a higher one, such as %s%s", flag, other)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		t.hint = fmt.Sprintf("this computer does not have that address; %s:%s listens on all that it has", flag, a.port())
	}
	return nil, t
}

// cause is what the system said, without the words around it.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func newLogger(config *Config, to *os.File) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(config.Log.Level)); err != nil {
		panic("tincan: a log level passed validation that slog does not know: " + config.Log.Level)
	}
	options := &slog.HandlerOptions{Level: level}
	if config.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// placeName is what this place is called: as configured, else like the computer.
func placeName(config *Config) string {
	if config.Name != "" {
		return config.Name
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "tincan"
}

// newGreeting gathers what there is to tell.
func newGreeting(config *Config, folder string, httpAddr, mqttAddr *net.TCPAddr, stdout *os.File) *greeting {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	colour := isTerminal(stdout) && paintsTerminal(stdout)
	return &greeting{
		title: placeName(config), http: httpAddr, mqtt: mqttAddr, host: host, addrs: shareable(netInterfaces()), data: folder,
		door: config.Door, qr: config.QR == "always" || config.QR == "auto" && isTerminal(stdout), colour: colour,
	}
}
