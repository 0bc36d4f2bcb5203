//go:build wasip1

package fetch

import (
	"unsafe"

	"bootstream/internal/host"
)

// codes are the names of `error-code` of wasi:http, in the order of their numbers.
var codes = [...]string{
	"DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
	"destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout",
	"connection-read-timeout", "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
	"TLS-certificate-error", "TLS-alert-received", Denied, "HTTP-request-length-required",
	"HTTP-request-body-size", "HTTP-request-method-invalid", "HTTP-request-URI-invalid", "HTTP-request-URI-too-long",
	"HTTP-request-header-section-size", "HTTP-request-header-size", "HTTP-request-trailer-section-size",
	"HTTP-request-trailer-size", "HTTP-response-incomplete", "HTTP-response-header-section-size",
	"HTTP-response-header-size", "HTTP-response-body-size", "HTTP-response-trailer-section-size",
	"HTTP-response-trailer-size", "HTTP-response-transfer-coding", "HTTP-response-content-coding",
	"HTTP-response-timeout", "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
	internalError,
}

const internalError = "internal-error"

// The numbers of codes with a text.
const (
	dnsError         = 1
	tlsAlert         = 14
	transferCoding   = 31
	contentCoding    = 32
	internalErrorNum = 38
)

// errorCode is `error-code`, whose largest case has 24 bytes.
type errorCode struct {
	number  uint8
	_       [7]byte
	payload [6]uint32
}

// take returns the error, and takes over the memory of its text.
func (c *errorCode) take(url string) *Error {
	failure := &Error{Code: internalError, URL: url}
	if int(c.number) < len(codes) {
		failure.Code = codes[c.number]
	}
	option := c.payload[:3]
	switch c.number {
	case tlsAlert:
		// An `option<u8>` comes first.
		option = c.payload[1:4]
	case dnsError, transferCoding, contentCoding, internalErrorNum:
	default:
		return failure
	}
	if option[0]&0xff != 0 {
		failure.Detail = host.TakeString(option[1], option[2])
	}
	return failure
}

// streamFailure returns the failure of a stream, whose `error` it drops.
func streamFailure(ioError uint32, url string) *Error {
	defer dropError(ioError)
	code := new(struct {
		isSome uint8
		_      [7]byte
		code   errorCode
	})
	httpErrorCode(ioError, unsafe.Pointer(code))
	if code.isSome != 0 {
		return code.code.take(url)
	}
	text := new(host.Slice)
	errorText(ioError, unsafe.Pointer(text))
	return &Error{Code: internalError, Detail: host.TakeString(text.Address, text.Length), URL: url}
}
