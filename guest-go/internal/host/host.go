// Package host is the boundary between handlers and the host: the calls of the contract and their errors.
package host

// Field is the name and the value of a header.
type Field struct {
	Name, Value string
}

// Head is what comes before the body of a response.
type Head struct {
	Status  int
	Fields  []Field
	Cookies []string
}

// Level is the severity of a record of the log, as the contract numbers it.
type Level uint32

// The levels of the contract.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
)

// Record is a record of the log.
type Record struct {
	Level   Level
	Message string
	Fields  []LogField
}

// LogField is a field of a record. Its value is a string, an int64, a float64 or a bool.
type LogField struct {
	Name  string
	Value any
}

// Host has the calls of the contract. A refused call returns a [*Refusal].
type Host interface {
	WriteHeaders(head Head) error
	StartDocument() error
	StartRaw(contentType string) error
	Write(chunk []byte) error
	Finish() error
	Log(record Record)
}

// Kind is the name of a refusal in the contract.
type Kind uint8

// The refusals, as the contract numbers them.
const (
	AlreadyStarted Kind = iota
	AlreadyFinished
	Closed
	InvalidStatus
	InvalidHeader
	HeadTooLarge
	Other
)

// Refusal is a call that the host refused. Only the fields that belong to its kind are set.
type Refusal struct {
	Kind          Kind
	Status        int
	Reason        string
	Actual, Limit uint64
}

func (r *Refusal) Error() string {
	return "refused"
}

// Context is the metadata of an invocation. Text that Lambda did not send is empty.
type Context struct {
	RequestID          string
	DeadlineMS         uint64
	InvokedFunctionARN *string
	TraceID            *string
	ClientContext      *string
	CognitoIdentity    *string
	TenantID           *string
	FunctionName       string
	FunctionVersion    string
	MemoryLimitMiB     uint32
}
