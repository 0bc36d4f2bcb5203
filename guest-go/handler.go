// Package bootstream is for handlers of Bootstream in Go: responses of AWS Lambda, streamed while they are made.
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//
//		"bootstream"
//	)
//
//	func init() { bootstream.Handle(hello) }
//
//	func main() {}
//
//	func hello(ctx context.Context, event bootstream.Event, response *bootstream.Response) error {
//		response.Start(bootstream.Head{Status: 200})
//		fmt.Fprintln(response, "Hello")
//		return nil
//	}
//
// A handler is compiled as a library, in which `main` does not run.
package bootstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A Handler handles one invocation. What it writes to the response is sent at once. The response ends with the
// function, cleanly if it returns nil. An error is reported to Lambda before the first byte, and ends the stream with
// error trailers after it.
//
// Goroutines that the handler leaves behind stop when it returns.
type Handler func(ctx context.Context, event Event, response *Response) error

// Event is the document exactly as Lambda delivered it, usually JSON.
type Event []byte

// Decode parses the event, which has to be JSON, as [json.Unmarshal] does.
func (e Event) Decode(value any) error {
	if err := json.Unmarshal(e, value); err != nil {
		return fmt.Errorf("cannot read the event: %w", err)
	}
	return nil
}

// Handle makes handler the one of this component. Call it once, in a function init.
func Handle(handler Handler) {
	if handler == nil {
		panic("bootstream: Handle(nil)")
	}
	if registered != nil {
		panic("bootstream: Handle is called twice: a component has one handler")
	}
	registered = handler
}

var registered Handler

// Run handles one invocation, as in a component, and returns the error that the invocation fails with. A [Rejection]
// becomes a response. The package bootstreamtest uses it.
func Run(ctx context.Context, handler Handler, event Event, response *Response) error {
	err := handler(ctx, event, response)
	var rejection *Rejection
	if errors.As(err, &rejection) && !response.started {
		return rejection.respond(response)
	}
	return err
}
