package flow

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oauthprobe/oauthprobe/flow/trace"
)

type nowhere struct{ UserAgent }

func (nowhere) RedirectURI() string { return "http://127.0.0.1:7/callback" }

// The longer nothing comes back, the more is said of the usual reasons; once
// something came, nothing more is.
func TestAdviceGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keep{}
		r := &Run{Env: Env{Log: trace.NewLog(time.Now, k), Agent: nowhere{}}}
		r.Client.ID = "me"
		q := &Request{}
		q.Params.Set("redirect_uri", "http://127.0.0.1:7/callback", trace.Origin{})
		stop := r.wait(q)
		time.Sleep(41 * time.Second)
		synctest.Wait()
		stop()
		var since []time.Duration
		said := ""
		for _, rec := range k.all {
			w := rec.Event.(trace.Waiting)
			since = append(since, w.Since)
			said += strings.Join(w.Lines, "\n")
		}
		want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second}
		if len(since) != 4 || since[1] != want[1] || since[2] != want[2] || since[3] != want[3] {
			t.Errorf("said after %v, want %v", since, want)
		}
		if !strings.Contains(said, "registered for client me: http://127.0.0.1:7/callback") || !strings.Contains(said, "--paste") {
			t.Error(said)
		}

		stop = r.wait(q)
		stop()
		before := len(k.all)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(k.all) != before {
			t.Error("advice came after the answer")
		}
	})
}
