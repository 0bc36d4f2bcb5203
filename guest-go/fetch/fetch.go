// Package fetch sends HTTP requests. The host has to allow each host name, in `[outbound]` of bootstream.toml; it also
// inserts secrets and signs requests to AWS.
//
//	answer, err := fetch.Get(ctx, "https://api.example.com/items")
//	if err != nil {
//		return err
//	}
//	defer answer.Body.Close()
//	_, err = io.Copy(response, answer.Body)
//
// The package nethttp has the same for clients of net/http, which takes 7 MB more.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"bootstream"
)

// Request is a request to be sent.
type Request struct {
	// GET if empty, or POST with a body.
	Method string
	// An absolute URL of http or https, without credentials.
	URL    string
	Header bootstream.Header
	// Read while it is sent, and not further once the request is refused or answered.
	Body io.Reader
	// The time for the connection, for the head of the response, and between parts of its body, each. None if 0.
	Timeout time.Duration
}

// Response is a response whose body is still on its way.
type Response struct {
	Status int
	Header bootstream.Header
	// Read as it arrives. Close it.
	Body io.ReadCloser
}

// Error is the failure of a request, with its error code in wasi:http, such as `HTTP-request-denied`.
type Error struct {
	Code string
	// What the host says, if anything.
	Detail string
	URL    string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("the request to `%s` failed: %s", e.URL, e.Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Code == Denied {
		text += "; allow its host in `outbound.allow` of bootstream.toml"
	}
	return text
}

// Denied is the code of a request that the settings do not allow.
const Denied = "HTTP-request-denied"

// Timeout returns whether the failure is one of time.
func (e *Error) Timeout() bool {
	return strings.HasSuffix(e.Code, "-timeout")
}

// Transport sends requests. Tests replace it.
var Transport func(ctx context.Context, request *Request) (*Response, error) = send

// Do sends a request, and returns when the head of its response has arrived.
func Do(ctx context.Context, request *Request) (*Response, error) {
	return Transport(ctx, request)
}

// Get sends a GET request.
func Get(ctx context.Context, url string) (*Response, error) {
	return Do(ctx, &Request{URL: url})
}

// Post sends a POST request with a body of this media type.
func Post(ctx context.Context, url, contentType string, body io.Reader) (*Response, error) {
	header := bootstream.Header{"content-type": {contentType}}
	return Do(ctx, &Request{Method: "POST", URL: url, Header: header, Body: body})
}

// parts are those of a URL that a request consists of.
type parts struct {
	https           bool
	authority, path string
}

func (r *Request) parts() (parts, error) {
	target, err := url.Parse(r.URL)
	if err != nil {
		return parts{}, err
	}
	if target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return parts{}, fmt.Errorf("`%s` is not an absolute URL of http or https", r.URL)
	}
	if target.User != nil {
		return parts{}, errors.New("a URL must not have credentials: put them into a header, as a secret")
	}
	return parts{target.Scheme == "https", target.Host, target.RequestURI()}, nil
}

func (r *Request) method() string {
	switch {
	case r.Method != "":
		return strings.ToUpper(r.Method)
	case r.Body != nil:
		return "POST"
	default:
		return "GET"
	}
}
