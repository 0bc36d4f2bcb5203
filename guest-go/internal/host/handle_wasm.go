//go:build wasip1

package host

import "unsafe"

// Handler handles the invocations of this component. Returns the text of a failure, or nil.
var Handler func(event []byte, context Context) *string

// arguments are those of `handle`, in memory, because they are too many to be passed.
type arguments struct {
	event              Slice
	requestID          Slice
	deadlineMS         uint64
	invokedFunctionARN option
	traceID            option
	clientContext      option
	cognitoIdentity    option
	tenantID           option
	functionName       Slice
	functionVersion    Slice
	memoryLimitMiB     uint32
}

// option is `option<string>`.
type option struct {
	isSome uint8
	_      [3]byte
	text   Slice
}

// outcome is `result<_, string>`.
type outcome struct {
	failed uint8
	_      [3]byte
	text   Slice
}

// returned keeps the outcome of `handle` until the host has read it.
var returned struct {
	outcome outcome
	text    string
}

//go:wasmexport handle
func handle(pointer unsafe.Pointer) unsafe.Pointer {
	if arena[0] == 0 {
		// The linker keeps the array because it is used here.
		panic("bootstream: `bootstream build` has not made this component")
	}
	a := (*arguments)(pointer)
	event := Take(a.event.Address, a.event.Length)
	context := Context{
		RequestID:          a.requestID.take(),
		DeadlineMS:         a.deadlineMS,
		InvokedFunctionARN: a.invokedFunctionARN.take(),
		TraceID:            a.traceID.take(),
		ClientContext:      a.clientContext.take(),
		CognitoIdentity:    a.cognitoIdentity.take(),
		TenantID:           a.tenantID.take(),
		FunctionName:       a.functionName.take(),
		FunctionVersion:    a.functionVersion.take(),
		MemoryLimitMiB:     a.memoryLimitMiB,
	}
	delete(blocks, uint32(uintptr(pointer)))
	returned.outcome, returned.text = outcome{}, ""
	if failure := Handler(event, context); failure != nil {
		returned.text = *failure
		returned.outcome = outcome{failed: 1, text: SliceOf(returned.text)}
	}
	return unsafe.Pointer(&returned.outcome)
}

func (s Slice) take() string {
	return TakeString(s.Address, s.Length)
}

func (o option) take() *string {
	if o.isSome == 0 {
		return nil
	}
	text := o.text.take()
	return &text
}
