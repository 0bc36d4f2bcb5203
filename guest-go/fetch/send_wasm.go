//go:build wasip1

package fetch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"bootstream"
	"bootstream/internal/host"
)

// handleResult is a `result` with a handle, or with an error of no more than four bytes.
type handleResult struct {
	failed uint8
	_      [3]byte
	handle uint32
}

// send sends a request with its body, and waits for the head of the response.
func send(ctx context.Context, request *Request) (*Response, error) {
	outgoing, err := build(request)
	if err != nil {
		return nil, err
	}
	var body uint32
	if request.Body != nil {
		taken := new(handleResult)
		requestBody(outgoing, unsafe.Pointer(taken))
		body = taken.handle
	}
	future, err := start(outgoing, request)
	if err != nil {
		if request.Body != nil {
			dropOutgoingBody(body)
		}
		return nil, err
	}
	defer dropFuture(future)
	if request.Body != nil {
		if err := upload(ctx, body, future, request); err != nil {
			return nil, err
		}
	}
	return await(ctx, future, request.URL)
}

func build(request *Request) (uint32, error) {
	parts, err := request.parts()
	if err != nil {
		return 0, err
	}
	headers, err := fieldsOf(request.Header)
	if err != nil {
		return 0, err
	}
	outgoing := newRequest(headers)
	refused := ""
	if !set(outgoing, request.method()) {
		refused = "method"
	}
	scheme := uint32(0)
	if parts.https {
		scheme = 1
	}
	setScheme(outgoing, 1, scheme, "")
	if setAuthority(outgoing, 1, parts.authority) != 0 {
		refused = "host"
	}
	if setPath(outgoing, 1, parts.path) != 0 {
		refused = "path"
	}
	if refused != "" {
		dropRequest(outgoing)
		return 0, fmt.Errorf("the %s of the request to `%s` is not valid HTTP", refused, request.URL)
	}
	return outgoing, nil
}

// set sets the method, and returns whether it is valid.
func set(outgoing uint32, method string) bool {
	// In the order of the contract, which has a case for any other behind these.
	names := [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
	for number, name := range names {
		if name == method {
			return setMethod(outgoing, uint32(number), "") == 0
		}
	}
	return setMethod(outgoing, uint32(len(names)), method) == 0
}

func fieldsOf(header bootstream.Header) (uint32, error) {
	var entries []host.Slice
	for name, values := range header {
		for _, value := range values {
			entries = append(entries, host.SliceOf(name), host.SliceOf(value))
		}
	}
	made := new(handleResult)
	fieldsFromList(unsafe.Pointer(unsafe.SliceData(entries)), uint32(len(entries)/2), unsafe.Pointer(made))
	runtime.KeepAlive(header)
	if made.failed != 0 {
		return 0, errors.New("a header of the request is not valid HTTP, or is one that only the host sets")
	}
	return made.handle, nil
}

func start(outgoing uint32, request *Request) (uint32, error) {
	hasOptions, options := uint32(0), uint32(0)
	if request.Timeout > 0 {
		hasOptions, options = 1, newOptions()
		nanoseconds := uint64(request.Timeout / time.Nanosecond)
		setConnectTimeout(options, 1, nanoseconds)
		setFirstByteTimeout(options, 1, nanoseconds)
		setBetweenBytesTimeout(options, 1, nanoseconds)
	}
	result := new(struct {
		failed uint8
		_      [7]byte
		// Its first four bytes are the handle.
		code errorCode
	})
	handle(outgoing, hasOptions, options, unsafe.Pointer(result))
	if result.failed != 0 {
		return 0, result.code.take(request.URL)
	}
	return *(*uint32)(unsafe.Pointer(&result.code)), nil
}

func await(ctx context.Context, future uint32, url string) (*Response, error) {
	if err := wait(ctx, subscribeFuture(future)); err != nil {
		return nil, err
	}
	got := new(struct {
		isSome uint8
		_      [7]byte
		taken  uint8
		_      [7]byte
		failed uint8
		_      [7]byte
		// Its first four bytes are the handle.
		code errorCode
	})
	getFuture(future, unsafe.Pointer(got))
	if got.isSome == 0 || got.taken != 0 {
		return nil, &Error{Code: internalError, Detail: "the response is not there", URL: url}
	}
	if got.failed != 0 {
		return nil, got.code.take(url)
	}
	return open(*(*uint32)(unsafe.Pointer(&got.code)), url, ctx), nil
}

func open(incoming uint32, url string, ctx context.Context) *Response {
	response := &Response{Status: int(responseStatus(incoming)), Header: headerOf(responseHeaders(incoming))}
	consumed := new(handleResult)
	consumeResponse(incoming, unsafe.Pointer(consumed))
	stream := new(handleResult)
	bodyStream(consumed.handle, unsafe.Pointer(stream))
	response.Body = &body{ctx: ctx, url: url, response: incoming, body: consumed.handle, stream: stream.handle}
	return response
}

func headerOf(fields uint32) bootstream.Header {
	defer dropFields(fields)
	list := new(host.Slice)
	fieldsEntries(fields, unsafe.Pointer(list))
	header := bootstream.Header{}
	if list.Length == 0 {
		return header
	}
	bytes := host.Take(list.Address, list.Length*16)
	entries := unsafe.Slice((*[2]host.Slice)(unsafe.Pointer(unsafe.SliceData(bytes))), list.Length)
	for _, entry := range entries {
		name := strings.ToLower(host.TakeString(entry[0].Address, entry[0].Length))
		value := host.TakeString(entry[1].Address, entry[1].Length)
		header[name] = append(header[name], value)
	}
	return header
}
