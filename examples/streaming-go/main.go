// Streams numbers, one each second: three, or as many as `?count=` asks for.
package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"bootstream"
)

func init() { bootstream.Handle(numbers) }

// main does not run: a handler is a library.
func main() {}

var pause = time.Second

// numbers handles one invocation: each write is sent to the caller at once.
func numbers(_ context.Context, event bootstream.Event, response *bootstream.Response) error {
	count := 3
	// Behind API Gateway the event is an HTTP request; a plain invocation may send any JSON.
	if request, err := event.Request(); err == nil {
		if asked, err := strconv.Atoi(request.Query("count")); err == nil {
			count = asked
		}
	}
	head := bootstream.Head{Status: 200, Header: bootstream.Header{
		"content-type":       {"text/plain"},
		"x-my-custom-header": {"streaming-go"},
	}}
	if err := response.Start(head); err != nil {
		return err
	}
	for number := 1; number <= count; number++ {
		if _, err := fmt.Fprintf(response, "Number: %d\n", number); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	_, err := fmt.Fprintln(response, "Streaming complete!")
	return err
}
