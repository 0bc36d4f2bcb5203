//go:build wasip1

package bootstream

import (
	"context"
	"errors"
	"log/slog"

	"bootstream/internal/host"
)

func init() {
	host.Handler = handle
	slog.SetDefault(slog.New(NewLogHandler(host.Wasm{}.Log)))
}

func handle(event []byte, context host.Context) *string {
	err := run(event, invocationFrom(context))
	if err == nil {
		return nil
	}
	text := err.Error()
	return &text
}

func run(event []byte, invocation *Invocation) error {
	if registered == nil {
		return errors.New("the component has no handler: call `bootstream.Handle` in a function `init`")
	}
	ctx, cancel := WithInvocation(context.Background(), invocation)
	defer cancel()
	return Run(ctx, registered, event, NewResponse(host.Wasm{}))
}
