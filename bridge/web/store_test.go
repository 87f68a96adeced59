package web_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"tincan/bridge/history"
	"tincan/bridge/names"
	"tincan/bridge/web"
)

// It answers over the real store as over the roll.
func TestOverTheStore(t *testing.T) {
	store, err := history.Open(t.Context(), t.TempDir(), history.Config{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(context.Background())
	n, err := names.Parse("Ada")
	if err != nil {
		t.Fatal(err)
	}
	c, err := store.Claim(t.Context(), history.ClaimRequest{Name: n.Canonical, Fold: n.Fold, Keys: n.Keys, Session: "s1", Client: "c1",
		Verifier: []byte("v"), Hold: time.Minute}, func([]byte) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(web.New(store, open{}, camp))
	defer s.Close()
	for _, q := range []struct{ name, state string }{{"ada", "taken"}, {"аdа", "alike"}, {"bob", "free"}} {
		if a := askName(t, s, q.name); a.State != q.state {
			t.Errorf("%q is %q, want %s", q.name, a, q.state)
		}
	}
	store.Release(c)
	if a := askName(t, s, "ada"); a.State != "held" {
		t.Errorf("after the last session ended: %q, want held", a)
	}
	if _, err := store.Claim(t.Context(), history.ClaimRequest{Name: "аdа", Fold: "аdа", Keys: n.Keys, Session: "s2"}, nil); !errors.Is(err, history.ErrTaken) {
		t.Errorf("a look-alike was granted: %v", err)
	}
}
