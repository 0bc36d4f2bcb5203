package bootstream

import (
	"encoding/json"
	"errors"
	"fmt"

	"bootstream/internal/host"
)

// The host refused a call on the response, which stays as it was.
var (
	// ErrAlreadyStarted says that a start came after the response had started.
	ErrAlreadyStarted = errors.New("the response has already started")
	// ErrAlreadyFinished says that the call came after Finish.
	ErrAlreadyFinished = errors.New("the response has already finished")
	// ErrClosed says that the reader of the response is gone. Every later call fails in the same way: return.
	ErrClosed = errors.New("the response is closed: its reader is gone")
)

// InvalidStatusError is the refusal of a status outside 100 to 599.
type InvalidStatusError struct {
	Status int
}

func (e *InvalidStatusError) Error() string {
	return fmt.Sprintf("the status `%d` is outside 100 to 599", e.Status)
}

// InvalidHeaderError is the refusal of a header or a cookie that is not valid HTTP.
type InvalidHeaderError struct {
	Reason string
}

func (e *InvalidHeaderError) Error() string {
	return "invalid header: " + e.Reason
}

// HeadTooLargeError is the refusal of a head that is larger than Lambda's front ends accept. Sizes are in bytes.
type HeadTooLargeError struct {
	Actual, Limit uint64
}

func (e *HeadTooLargeError) Error() string {
	return fmt.Sprintf("the response head takes %d bytes, the limit is %d bytes", e.Actual, e.Limit)
}

// RefusedError is a refusal for any other reason: for example, a document is larger than its reader accepts.
type RefusedError struct {
	Reason string
}

func (e *RefusedError) Error() string {
	return e.Reason
}

// named turns a refusal into one of the errors above.
func named(err error) error {
	var refusal *host.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Kind {
	case host.AlreadyStarted:
		return ErrAlreadyStarted
	case host.AlreadyFinished:
		return ErrAlreadyFinished
	case host.Closed:
		return ErrClosed
	case host.InvalidStatus:
		return &InvalidStatusError{refusal.Status}
	case host.InvalidHeader:
		return &InvalidHeaderError{refusal.Reason}
	case host.HeadTooLarge:
		return &HeadTooLargeError{refusal.Actual, refusal.Limit}
	default:
		return &RefusedError{refusal.Reason}
	}
}

// Rejection is an error that is the caller's fault, not the handler's. If the response has not started, it gets this
// status and the text as a JSON document, and the invocation succeeds. Return one only for HTTP: a queue treats a
// successful invocation as a processed batch.
type Rejection struct {
	status  int
	message string
}

// Reject returns a [*Rejection]. Its status is 400 to 499; Reject panics for any other.
func Reject(status int, format string, values ...any) error {
	if status < 400 || status > 499 {
		panic(fmt.Sprintf("bootstream: a rejection has a status of 400 to 499, not %d", status))
	}
	return &Rejection{status, fmt.Sprintf(format, values...)}
}

// Status returns the status of the response.
func (r *Rejection) Status() int {
	return r.status
}

func (r *Rejection) Error() string {
	return r.message
}

func (r *Rejection) respond(response *Response) error {
	response.log(host.Warn, fmt.Sprintf("rejected with status %d: %s", r.status, r.message))
	body, err := json.Marshal(map[string]string{"message": r.message})
	if err != nil {
		return err
	}
	head := Head{Status: r.status, Header: Header{"content-type": {"application/json"}}}
	if err := response.Start(head); err != nil {
		return err
	}
	if _, err := response.Write(body); err != nil {
		return err
	}
	return response.Finish()
}
