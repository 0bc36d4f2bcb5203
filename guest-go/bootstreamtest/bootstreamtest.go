// Package bootstreamtest runs handlers in tests, on the machine at hand, with a recording of the response.
package bootstreamtest

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"bootstream"
	"bootstream/internal/host"
)

// Recorded is the outcome of an invocation.
type Recorded struct {
	// The status, 0 without a head.
	Status  int
	Header  bootstream.Header
	Cookies []string
	// The single writes, without empty ones.
	Chunks [][]byte
	// Whether the response is a document, or the media type of a stream without a head.
	Document bool
	Raw      string
	// Whether the handler called Finish.
	Finished bool
	// The records of rejections, `level: message`.
	Log []string
	// What the handler returned.
	Err error
}

// Body returns everything that was written.
func (r *Recorded) Body() string {
	var body strings.Builder
	for _, chunk := range r.Chunks {
		body.Write(chunk)
	}
	return body.String()
}

// An Option changes how a handler is invoked.
type Option func(*recorder, *bootstream.Invocation)

// ClosesAfter takes the reader away after this many writes.
func ClosesAfter(writes int) Option {
	return func(r *recorder, _ *bootstream.Invocation) { r.writes = writes }
}

// With sets the metadata of the invocation.
func With(invocation bootstream.Invocation) Option {
	return func(_ *recorder, i *bootstream.Invocation) { *i = invocation }
}

// Invoke runs a handler with an event: text or bytes as they are, other values as JSON. It panics if the event cannot
// be encoded.
func Invoke(handler bootstream.Handler, event any, options ...Option) *Recorded {
	to := &recorder{writes: -1, recorded: &Recorded{}}
	invocation := &bootstream.Invocation{
		RequestID:      "a-request-id",
		Deadline:       time.Now().Add(time.Minute),
		FunctionName:   "a-function",
		MemoryLimitMiB: 128,
	}
	for _, option := range options {
		option(to, invocation)
	}
	ctx, cancel := bootstream.WithInvocation(context.Background(), invocation)
	defer cancel()
	to.recorded.Err = bootstream.Run(ctx, handler, encoded(event), bootstream.NewResponse(to))
	to.end()
	return to.recorded
}

func encoded(event any) bootstream.Event {
	switch event := event.(type) {
	case string:
		return bootstream.Event(event)
	case []byte:
		return event
	case bootstream.Event:
		return event
	}
	text, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	return text
}

// recorder is a host with the contract's states.
type recorder struct {
	recorded *Recorded
	started  bool
	// The writes until the reader is gone, or less than 0.
	writes int
}

func (r *recorder) begin() error {
	switch {
	case r.recorded.Finished:
		return &host.Refusal{Kind: host.AlreadyFinished}
	case r.started:
		return &host.Refusal{Kind: host.AlreadyStarted}
	}
	r.started = true
	return nil
}

func (r *recorder) WriteHeaders(head host.Head) error {
	if head.Status < 100 || head.Status > 599 {
		return &host.Refusal{Kind: host.InvalidStatus, Status: head.Status}
	}
	header := bootstream.Header{}
	for _, field := range head.Fields {
		if field.Name == "" || strings.ContainsAny(field.Name+field.Value, "\r\n\x00") {
			return &host.Refusal{Kind: host.InvalidHeader, Reason: field.Name}
		}
		header.Add(strings.ToLower(field.Name), field.Value)
	}
	if err := r.begin(); err != nil {
		return err
	}
	r.recorded.Status, r.recorded.Header, r.recorded.Cookies = head.Status, header, head.Cookies
	return nil
}

func (r *recorder) StartDocument() error {
	if err := r.begin(); err != nil {
		return err
	}
	r.recorded.Document = true
	return nil
}

func (r *recorder) StartRaw(contentType string) error {
	if contentType == "" {
		return &host.Refusal{Kind: host.InvalidHeader, Reason: "the media type is empty"}
	}
	if err := r.begin(); err != nil {
		return err
	}
	r.recorded.Raw = contentType
	return nil
}

func (r *recorder) Write(chunk []byte) error {
	if r.recorded.Finished {
		return &host.Refusal{Kind: host.AlreadyFinished}
	}
	if r.writes == 0 {
		return &host.Refusal{Kind: host.Closed}
	}
	r.imply()
	if len(chunk) > 0 {
		r.writes--
		r.recorded.Chunks = append(r.recorded.Chunks, append([]byte(nil), chunk...))
	}
	return nil
}

func (r *recorder) Finish() error {
	if r.recorded.Finished {
		return &host.Refusal{Kind: host.AlreadyFinished}
	}
	r.imply()
	r.recorded.Finished = true
	return nil
}

func (r *recorder) Log(record host.Record) {
	names := [...]string{"trace", "debug", "info", "warn", "error"}
	r.recorded.Log = append(r.recorded.Log, names[record.Level]+": "+record.Message)
}

// imply starts a response with status 200 if nothing else has.
func (r *recorder) imply() {
	if !r.started {
		r.started = true
		r.recorded.Status, r.recorded.Header = 200, bootstream.Header{}
	}
}

// end does what the host does after a handler that succeeded.
func (r *recorder) end() {
	if r.recorded.Err == nil {
		r.imply()
	}
}
