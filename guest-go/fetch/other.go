//go:build !wasip1

package fetch

import (
	"context"
	"errors"
)

// send fails outside of a component.
func send(context.Context, *Request) (*Response, error) {
	return nil, errors.New("requests are sent by components only: in a test, set `fetch.Transport`")
}
