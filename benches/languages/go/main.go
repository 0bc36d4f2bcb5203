package main

import (
	"context"

	"bootstream"
)

func init() { bootstream.Handle(hello) }

// main does not run: a handler is a library.
func main() {}

func hello(_ context.Context, event bootstream.Event, response *bootstream.Response) error {
	request, err := event.Request()
	if err != nil {
		return err
	}
	head := bootstream.Head{Status: 200, Header: bootstream.Header{
		"content-type": {"text/plain"},
		"x-path":       {request.URL.Path},
	}}
	if err := response.Start(head); err != nil {
		return err
	}
	_, err = response.Write([]byte("hello"))
	return err
}
