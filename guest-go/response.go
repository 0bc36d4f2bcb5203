package bootstream

import (
	"slices"
	"strings"
	"unsafe"

	"bootstream/internal/host"
)

// Header has names and values, like [net/http.Header], which converts to it. Names are case-insensitive.
type Header map[string][]string

// Get returns the first value of a name, or an empty text.
func (h Header) Get(name string) string {
	if values := h.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of a name.
func (h Header) Values(name string) []string {
	var all []string
	for key, values := range h {
		if strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	return all
}

// Set replaces the values of a name.
func (h Header) Set(name, value string) {
	for key := range h {
		if strings.EqualFold(key, name) {
			delete(h, key)
		}
	}
	h[name] = []string{value}
}

// Add adds a value.
func (h Header) Add(name, value string) {
	for key := range h {
		if strings.EqualFold(key, name) {
			h[key] = append(h[key], value)
			return
		}
	}
	h[name] = []string{value}
}

func (h Header) fields() []host.Field {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var fields []host.Field
	for _, name := range names {
		for _, value := range h[name] {
			fields = append(fields, host.Field{Name: name, Value: value})
		}
	}
	return fields
}

// Head is what comes before the body of a response.
type Head struct {
	// 100 to 599. 0 stands for 200.
	Status int
	Header Header
	// Values of Set-Cookie, one for each cookie.
	Cookies []string
}

// Response is the response to an invocation, an [io.Writer]. What is written is sent to the caller at once; a write
// waits while the caller reads more slowly. Without a start before the first write, the status is 200.
type Response struct {
	host    host.Host
	started bool
}

// NewResponse returns a response that goes to a host. The package bootstreamtest uses it.
func NewResponse(to host.Host) *Response {
	return &Response{host: to}
}

// Start starts an HTTP stream. The head does not wait for the first write.
func (r *Response) Start(head Head) error {
	if head.Status == 0 {
		head.Status = 200
	}
	if head.Status < 0 || head.Status > 0xffff {
		return &InvalidStatusError{head.Status}
	}
	return r.note(r.host.WriteHeaders(host.Head{
		Status:  head.Status,
		Fields:  head.Header.fields(),
		Cookies: head.Cookies,
	}))
}

// StartDocument starts a document for queues, authorizers and other callers that read JSON: what is written is sent
// as a whole when it is complete.
func (r *Response) StartDocument() error {
	return r.note(r.host.StartDocument())
}

// StartRaw starts a stream without a head, of this media type, for callers of InvokeWithResponseStream.
func (r *Response) StartRaw(contentType string) error {
	return r.note(r.host.StartRaw(contentType))
}

// Write sends a part of the body, or adds it to the document. An empty one starts the response and sends nothing.
func (r *Response) Write(chunk []byte) (int, error) {
	if err := r.note(r.host.Write(chunk)); err != nil {
		return 0, err
	}
	return len(chunk), nil
}

// WriteString is like Write, without a copy of the text.
func (r *Response) WriteString(text string) (int, error) {
	return r.Write(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// Finish ends the response, which is then complete for the caller. The handler may continue to work.
func (r *Response) Finish() error {
	return r.note(r.host.Finish())
}

// Flush does nothing: what is written is on its way.
func (r *Response) Flush() {}

// Started returns whether the response has started.
func (r *Response) Started() bool {
	return r.started
}

func (r *Response) note(err error) error {
	if err == nil {
		r.started = true
		return nil
	}
	return named(err)
}

func (r *Response) log(level host.Level, message string) {
	r.host.Log(host.Record{Level: level, Message: message})
}
