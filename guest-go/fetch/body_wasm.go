//go:build wasip1

package fetch

import (
	"context"
	"io"
	"unsafe"

	"bootstream/internal/host"
)

// readBytes is the most that one call reads.
const readBytes = 64 << 10

// body is the body of a response, as it arrives.
type body struct {
	ctx                    context.Context
	url                    string
	response, body, stream uint32
	rest                   []byte
	err                    error
	closed                 bool
}

func (b *body) Read(into []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil || len(into) == 0 {
			return 0, b.err
		}
		b.next()
	}
	count := copy(into, b.rest)
	b.rest = b.rest[count:]
	return count, nil
}

// next waits for the next part.
func (b *body) next() {
	if err := wait(b.ctx, subscribeInput(b.stream)); err != nil {
		b.err = err
		return
	}
	result := new(struct {
		failed uint8
		_      [3]byte
		// The place of a list, or the number and the payload of a `stream-error`.
		list host.Slice
	})
	readStream(b.stream, readBytes, unsafe.Pointer(result))
	switch {
	case result.failed == 0:
		b.rest = host.Take(result.list.Address, result.list.Length)
	case result.list.Address&0xff == lastOperationFailed:
		b.err = streamFailure(result.list.Length, b.url)
	default:
		b.err = io.EOF
	}
}

// Close gives the connection back. The rest of the body is not read.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	b.rest, b.err = nil, io.ErrClosedPipe
	dropInput(b.stream)
	dropIncomingBody(b.body)
	dropResponse(b.response)
	return nil
}

// lastOperationFailed is the number of the `stream-error` with an error. The other one says that the stream is closed.
const lastOperationFailed = 0

// upload sends the body of a request. It stops when the response is there.
func upload(ctx context.Context, outgoing, future uint32, request *Request) error {
	taken := new(handleResult)
	writeBody(outgoing, unsafe.Pointer(taken))
	isWhole, err := copyBody(ctx, taken.handle, future, request)
	dropOutput(taken.handle)
	if err != nil || !isWhole {
		// The request ends as incomplete.
		dropOutgoingBody(outgoing)
		return err
	}
	result := new(struct {
		failed uint8
		_      [7]byte
		code   errorCode
	})
	finishBody(outgoing, 0, 0, unsafe.Pointer(result))
	// The response says why.
	return nil
}

// copyBody returns whether the whole body was sent. An error is one of the body's reader, or of the context.
func copyBody(ctx context.Context, stream, future uint32, request *Request) (bool, error) {
	buffer := make([]byte, readBytes)
	for {
		count, err := request.Body.Read(buffer)
		if isOpen, failure := writeAll(ctx, stream, future, buffer[:count]); failure != nil || !isOpen {
			return false, failure
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// writeAll returns whether the stream is still open.
func writeAll(ctx context.Context, stream, future uint32, bytes []byte) (bool, error) {
	for len(bytes) > 0 {
		allowed := new(struct {
			failed uint8
			_      [7]byte
			bytes  uint64
		})
		checkWrite(stream, unsafe.Pointer(allowed))
		if allowed.failed != 0 {
			endStream(uint32(allowed.bytes), uint32(allowed.bytes>>32))
			return false, nil
		}
		if allowed.bytes == 0 {
			answer := subscribeFuture(future)
			isAnswered := pollableReady(answer) != 0
			if err := wait(ctx, answer, subscribeOutput(stream)); err != nil || isAnswered {
				return false, err
			}
			continue
		}
		count := min(uint64(len(bytes)), allowed.bytes)
		result := new(struct {
			failed uint8
			_      [3]byte
			kind   uint32
			err    uint32
		})
		writeStream(stream, unsafe.Pointer(&bytes[0]), uint32(count), unsafe.Pointer(result))
		if result.failed != 0 {
			endStream(result.kind, result.err)
			return false, nil
		}
		bytes = bytes[count:]
	}
	return true, nil
}

// endStream drops the error of a stream that has failed. The response has it as well.
func endStream(kind, ioError uint32) {
	if kind&0xff == lastOperationFailed {
		dropError(ioError)
	}
}
