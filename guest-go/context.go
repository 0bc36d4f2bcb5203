package bootstream

import (
	"context"
	"time"

	"bootstream/internal/host"
)

// Invocation is the metadata of an invocation, and of its function. Fields that Lambda did not send are nil or empty.
type Invocation struct {
	// Lambda's id of this invocation.
	RequestID string
	// The host stops the handler shortly before this time. The context has the same deadline.
	Deadline time.Time
	// The ARN by which the function was invoked.
	InvokedFunctionARN *string
	// The trace header of AWS X-Ray.
	TraceID *string
	// The client context of the AWS Mobile SDK, a JSON document.
	ClientContext *string
	// The Amazon Cognito identity of the caller, a JSON document.
	CognitoIdentity *string
	// The tenant, for functions with tenant isolation.
	TenantID *string
	// Name and version of the function.
	FunctionName, FunctionVersion string
	// The function's memory, in MiB. 0 if unknown.
	MemoryLimitMiB int
}

type invocationKey struct{}

// InvocationOf returns the metadata of the invocation that a handler's context belongs to, or nil.
func InvocationOf(ctx context.Context) *Invocation {
	invocation, _ := ctx.Value(invocationKey{}).(*Invocation)
	return invocation
}

// WithInvocation returns a context with the metadata of an invocation and its deadline.
func WithInvocation(ctx context.Context, invocation *Invocation) (context.Context, context.CancelFunc) {
	ctx = context.WithValue(ctx, invocationKey{}, invocation)
	if invocation.Deadline.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, invocation.Deadline)
}

func invocationFrom(c host.Context) *Invocation {
	return &Invocation{
		RequestID:          c.RequestID,
		Deadline:           time.UnixMilli(int64(c.DeadlineMS)),
		InvokedFunctionARN: c.InvokedFunctionARN,
		TraceID:            c.TraceID,
		ClientContext:      c.ClientContext,
		CognitoIdentity:    c.CognitoIdentity,
		TenantID:           c.TenantID,
		FunctionName:       c.FunctionName,
		FunctionVersion:    c.FunctionVersion,
		MemoryLimitMiB:     int(c.MemoryLimitMiB),
	}
}
