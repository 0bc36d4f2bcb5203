// Package nethttp connects handlers to net/http: Serve makes one of an [http.Handler], and in a component the clients
// of net/http send their requests through the host.
//
// net/http makes a component 7 MB larger. The packages bootstream and fetch do without it.
package nethttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"bootstream"
	"bootstream/fetch"
)

// Serve returns a handler for the events of HTTP front ends. Other events are errors.
func Serve(handler http.Handler) bootstream.Handler {
	return func(ctx context.Context, event bootstream.Event, response *bootstream.Response) error {
		request, err := event.Request()
		if err != nil {
			return err
		}
		incoming, err := http.NewRequestWithContext(ctx, request.Method, request.URL.String(),
			strings.NewReader(string(request.Body)))
		if err != nil {
			return err
		}
		incoming.Host, incoming.RequestURI = request.Host, request.URL.RequestURI()
		for name, values := range request.Header {
			incoming.Header[http.CanonicalHeaderKey(name)] = values
		}
		out := &writer{response: response, header: http.Header{}}
		handler.ServeHTTP(out, incoming)
		return out.end()
	}
}

// writer is an [http.ResponseWriter] and an [http.Flusher].
type writer struct {
	response *bootstream.Response
	header   http.Header
	started  bool
	err      error
}

func (w *writer) Header() http.Header {
	return w.header
}

func (w *writer) WriteHeader(status int) {
	// The body follows an informational response.
	if w.started || status < 200 {
		return
	}
	w.started = true
	head := bootstream.Head{Status: status, Header: bootstream.Header{}}
	for name, values := range w.header {
		if strings.EqualFold(name, "Set-Cookie") {
			head.Cookies = append(head.Cookies, values...)
		} else {
			head.Header[name] = values
		}
	}
	w.err = w.response.Start(head)
}

func (w *writer) Write(chunk []byte) (int, error) {
	if !w.started {
		if w.header.Get("Content-Type") == "" && len(chunk) > 0 {
			w.header.Set("Content-Type", http.DetectContentType(chunk))
		}
		w.WriteHeader(http.StatusOK)
	}
	if w.err != nil {
		return 0, w.err
	}
	return w.response.Write(chunk)
}

// Flush does nothing more than start the response: what is written is on its way.
func (w *writer) Flush() {
	w.WriteHeader(http.StatusOK)
}

// end starts a response that has no body, and returns the error of its head.
func (w *writer) end() error {
	w.WriteHeader(http.StatusOK)
	return w.err
}

// Transport sends requests through the host. It is [http.DefaultTransport] in a component.
type Transport struct{}

// RoundTrip implements [http.RoundTripper].
func (Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	outgoing := &fetch.Request{
		Method: request.Method,
		URL:    request.URL.String(),
		Header: bootstream.Header{},
	}
	for name, values := range request.Header {
		outgoing.Header[name] = values
	}
	if request.Body != nil {
		defer request.Body.Close()
		if request.Body != http.NoBody {
			outgoing.Body = request.Body
		}
	}
	answer, err := fetch.Do(request.Context(), outgoing)
	if err != nil {
		return nil, err
	}
	return responseOf(answer, request), nil
}

func responseOf(answer *fetch.Response, request *http.Request) *http.Response {
	header := http.Header{}
	for name, values := range answer.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return &http.Response{
		Status:        http.StatusText(answer.Status),
		StatusCode:    answer.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          body{answer.Body},
		ContentLength: -1,
		Request:       request,
	}
}

// body has the errors that net/http expects.
type body struct {
	io.ReadCloser
}

func (b body) Read(into []byte) (int, error) {
	count, err := b.ReadCloser.Read(into)
	if errors.Is(err, io.ErrClosedPipe) {
		err = http.ErrBodyReadAfterClose
	}
	return count, err
}
