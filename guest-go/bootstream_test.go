package bootstream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bootstream"
	"bootstream/bootstreamtest"
	"bootstream/internal/host"
)

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAResponseWithoutAStartHasStatus200(t *testing.T) {
	recorded := bootstreamtest.Invoke(func(_ context.Context, event bootstream.Event, response *bootstream.Response) error {
		_, err := fmt.Fprintf(response, "%s", event)
		return err
	}, map[string]int{"a": 1})

	equal(t, recorded.Status, 200)
	equal(t, recorded.Body(), `{"a":1}`)
}

func TestRefusalsHaveTypes(t *testing.T) {
	bootstreamtest.Invoke(func(_ context.Context, _ bootstream.Event, response *bootstream.Response) error {
		var status *bootstream.InvalidStatusError
		if err := response.Start(bootstream.Head{Status: 99}); !errors.As(err, &status) || status.Status != 99 {
			t.Errorf("status: %v", err)
		}
		if err := response.Start(bootstream.Head{Status: -1}); !errors.As(err, &status) {
			t.Errorf("status: %v", err)
		}
		var header *bootstream.InvalidHeaderError
		head := bootstream.Head{Header: bootstream.Header{"a": {"b\n"}}}
		if err := response.Start(head); !errors.As(err, &header) {
			t.Errorf("header: %v", err)
		}
		equal(t, response.Started(), false)
		equal(t, response.StartDocument(), nil)
		equal(t, response.Start(bootstream.Head{}), bootstream.ErrAlreadyStarted)
		equal(t, response.Finish(), nil)
		_, err := response.WriteString("late")
		equal(t, err, bootstream.ErrAlreadyFinished)
		return nil
	}, "{}")
}

func TestARejectionIsAResponse(t *testing.T) {
	reject := func(_ context.Context, event bootstream.Event, response *bootstream.Response) error {
		if string(event) == "late" {
			response.Start(bootstream.Head{})
		}
		return fmt.Errorf("cannot order: %w", bootstream.Reject(422, "no %s", "such thing"))
	}

	recorded := bootstreamtest.Invoke(reject, "{}")

	equal(t, recorded.Err, nil)
	equal(t, recorded.Status, 422)
	equal(t, recorded.Body(), `{"message":"no such thing"}`)
	equal(t, recorded.Log[0], "warn: rejected with status 422: no such thing")
	equal(t, bootstreamtest.Invoke(reject, "late").Err.Error(), "cannot order: no such thing")
}

func TestTheContextHasTheInvocationAndItsDeadline(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	bootstreamtest.Invoke(func(ctx context.Context, _ bootstream.Event, _ *bootstream.Response) error {
		equal(t, bootstream.InvocationOf(ctx).RequestID, "an-id")
		got, _ := ctx.Deadline()
		equal(t, got, deadline)
		return nil
	}, "{}", bootstreamtest.With(bootstream.Invocation{RequestID: "an-id", Deadline: deadline}))
	if bootstream.InvocationOf(context.Background()) != nil {
		t.Error("an invocation without a handler")
	}
}

func TestRecordsHaveTheirFields(t *testing.T) {
	var lines []string
	log := slog.New(bootstream.NewLogHandler(func(record host.Record) {
		lines = append(lines, fmt.Sprintf("%d %s %#v", record.Level, record.Message, record.Fields))
	}))

	log.Info("order sold", "order", 7, "price", 0.5, "ok", true, "large", uint64(1<<63))
	log.With("a", "x").WithGroup("g").Error("no luck", "b", 2*time.Second, slog.Group("h", "c", errors.New("broken")))
	log.Log(context.Background(), bootstream.LevelTrace, "detail")

	field := func(name, value string) string { return fmt.Sprintf("host.LogField{Name:%q, Value:%s}", name, value) }
	list := func(fields ...string) string { return "[]host.LogField{" + strings.Join(fields, ", ") + "}" }
	equal(t, lines[0], "2 order sold "+list(
		field("order", "7"), field("price", "0.5"), field("ok", "true"), field("large", `"9223372036854775808"`)))
	equal(t, lines[1], "4 no luck "+list(field("a", `"x"`), field("g.b", `"2s"`), field("g.h.c", `"broken"`)))
	equal(t, lines[2], "0 detail []host.LogField(nil)")
}

func TestEventsAndLinesAreWritten(t *testing.T) {
	recorded := bootstreamtest.Invoke(func(_ context.Context, _ bootstream.Event, response *bootstream.Response) error {
		events, err := response.StartEvents()
		if err != nil {
			return err
		}
		if events.Send(bootstream.ServerEvent{Event: "a\nb"}) == nil {
			t.Error("a name with a line end")
		}
		if err := events.Comment("wait\nmore"); err != nil {
			return err
		}
		return events.Send(bootstream.ServerEvent{
			Data: "one\r\ntwo\rthree", Event: "tick", ID: "7", Retry: 2 * time.Second,
		})
	}, "{}")

	equal(t, recorded.Err, nil)
	equal(t, recorded.Header.Get("Content-Type"), "text/event-stream")
	equal(t, recorded.Body(),
		": wait\n: more\n\nevent: tick\nid: 7\nretry: 2000\ndata: one\ndata: two\ndata: three\n\n")

	recorded = bootstreamtest.Invoke(func(_ context.Context, _ bootstream.Event, response *bootstream.Response) error {
		lines, err := response.StartLines()
		if err != nil {
			return err
		}
		return errors.Join(lines.Send(map[string]int{"n": 1}), lines.Send("two"))
	}, "{}")
	equal(t, recorded.Body(), "{\"n\":1}\n\"two\"\n")
}
