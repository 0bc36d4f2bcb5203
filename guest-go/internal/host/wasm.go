//go:build wasip1

package host

import (
	"math"
	"runtime"
	"unsafe"
)

// The functions of the contract in the canonical ABI of the component model. Pointers are of 32 bits there.

//go:wasmimport bootstream:handler/response-stream@0.1.1 write-headers
func writeHeaders(status uint32, fields unsafe.Pointer, fieldCount uint32, cookies unsafe.Pointer, cookieCount uint32, result unsafe.Pointer)

//go:wasmimport bootstream:handler/response-stream@0.1.1 start-document
func startDocument(result unsafe.Pointer)

//go:wasmimport bootstream:handler/response-stream@0.1.1 start-raw
func startRaw(contentType string, result unsafe.Pointer)

//go:wasmimport bootstream:handler/response-stream@0.1.1 write
func write(chunk unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport bootstream:handler/response-stream@0.1.1 finish
func finish(result unsafe.Pointer)

//go:wasmimport bootstream:handler/logging@0.1.1 log-record
func logRecord(level uint32, message string, hasTarget uint32, target string, fields unsafe.Pointer, fieldCount uint32)

// Wasm is the host of a component.
type Wasm struct{}

// result is `result<_, stream-error>`. Its payload has 8 bytes of alignment.
type result struct {
	failed  uint8
	_       [7]byte
	kind    uint8
	_       [7]byte
	payload [2]uint64
}

func (r *result) err() error {
	if r.failed == 0 {
		return nil
	}
	refusal := &Refusal{Kind: Kind(r.kind)}
	switch refusal.Kind {
	case InvalidStatus:
		refusal.Status = int(uint16(r.payload[0]))
	case InvalidHeader, Other:
		refusal.Reason = TakeString(uint32(r.payload[0]), uint32(r.payload[0]>>32))
	case HeadTooLarge:
		refusal.Actual, refusal.Limit = r.payload[0], r.payload[1]
	}
	return refusal
}

// WriteHeaders starts an HTTP stream.
func (Wasm) WriteHeaders(head Head) error {
	fields := make([]Slice, 0, 2*len(head.Fields)+1)
	for _, field := range head.Fields {
		fields = append(fields, SliceOf(field.Name), SliceOf(field.Value))
	}
	cookies := make([]Slice, 0, len(head.Cookies)+1)
	for _, cookie := range head.Cookies {
		cookies = append(cookies, SliceOf(cookie))
	}
	r := new(result)
	writeHeaders(uint32(head.Status), unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(head.Fields)),
		unsafe.Pointer(unsafe.SliceData(cookies)), uint32(len(cookies)), unsafe.Pointer(r))
	runtime.KeepAlive(head)
	return r.err()
}

// StartDocument starts a document.
func (Wasm) StartDocument() error {
	r := new(result)
	startDocument(unsafe.Pointer(r))
	return r.err()
}

// StartRaw starts a stream without a head.
func (Wasm) StartRaw(contentType string) error {
	r := new(result)
	startRaw(contentType, unsafe.Pointer(r))
	return r.err()
}

// Write sends a part of the body.
func (Wasm) Write(chunk []byte) error {
	r := new(result)
	write(unsafe.Pointer(unsafe.SliceData(chunk)), uint32(len(chunk)), unsafe.Pointer(r))
	return r.err()
}

// Finish ends the response.
func (Wasm) Finish() error {
	r := new(result)
	finish(unsafe.Pointer(r))
	return r.err()
}

// field is `tuple<string, field>`. The value of a field has 8 bytes of alignment.
type field struct {
	name  Slice
	kind  uint8
	_     [7]byte
	value uint64
}

// The kinds of fields, as the contract numbers them.
const (
	text uint8 = iota
	integer
	number
	boolean
)

func fieldOf(of LogField) field {
	lowered := field{name: SliceOf(of.Name)}
	switch value := of.Value.(type) {
	case string:
		slice := SliceOf(value)
		lowered.kind, lowered.value = text, uint64(slice.Address)|uint64(slice.Length)<<32
	case int64:
		lowered.kind, lowered.value = integer, uint64(value)
	case float64:
		lowered.kind, lowered.value = number, math.Float64bits(value)
	case bool:
		lowered.kind = boolean
		if value {
			lowered.value = 1
		}
	}
	return lowered
}

// Log logs a record.
func (Wasm) Log(record Record) {
	fields := make([]field, 0, len(record.Fields)+1)
	for _, field := range record.Fields {
		fields = append(fields, fieldOf(field))
	}
	logRecord(uint32(record.Level), record.Message, 0, "", unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(fields)))
	runtime.KeepAlive(record)
}
