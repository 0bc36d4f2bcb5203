//go:build wasip1

package fetch

import "unsafe"

// The functions of WASI in the canonical ABI of the component model. Handles are numbers.

//go:wasmimport wasi:http/types@0.2.9 [static]fields.from-list
func fieldsFromList(entries unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]fields.entries
func fieldsEntries(fields uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]fields
func dropFields(fields uint32)

//go:wasmimport wasi:http/types@0.2.9 [constructor]outgoing-request
func newRequest(headers uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.body
func requestBody(request uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-method
func setMethod(request, kind uint32, other string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-path-with-query
func setPath(request, isSome uint32, path string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-scheme
func setScheme(request, isSome, kind uint32, other string) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-request.set-authority
func setAuthority(request, isSome uint32, authority string) uint32

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]outgoing-request
func dropRequest(request uint32)

//go:wasmimport wasi:http/types@0.2.9 [constructor]request-options
func newOptions() uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-connect-timeout
func setConnectTimeout(options, isSome uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-first-byte-timeout
func setFirstByteTimeout(options, isSome uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]request-options.set-between-bytes-timeout
func setBetweenBytesTimeout(options, isSome uint32, nanoseconds uint64) uint32

//go:wasmimport wasi:http/outgoing-handler@0.2.9 handle
func handle(request, hasOptions, options uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [method]future-incoming-response.subscribe
func subscribeFuture(future uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]future-incoming-response.get
func getFuture(future uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]future-incoming-response
func dropFuture(future uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.status
func responseStatus(response uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.headers
func responseHeaders(response uint32) uint32

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-response.consume
func consumeResponse(response uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]incoming-response
func dropResponse(response uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]incoming-body.stream
func bodyStream(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]incoming-body
func dropIncomingBody(body uint32)

//go:wasmimport wasi:http/types@0.2.9 [method]outgoing-body.write
func writeBody(body uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [static]outgoing-body.finish
func finishBody(body, hasTrailers, trailers uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.9 [resource-drop]outgoing-body
func dropOutgoingBody(body uint32)

//go:wasmimport wasi:http/types@0.2.9 http-error-code
func httpErrorCode(ioError uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [method]input-stream.read
func readStream(stream uint32, length uint64, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [method]input-stream.subscribe
func subscribeInput(stream uint32) uint32

//go:wasmimport wasi:io/streams@0.2.9 [resource-drop]input-stream
func dropInput(stream uint32)

//go:wasmimport wasi:io/streams@0.2.9 [method]output-stream.check-write
func checkWrite(stream uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [method]output-stream.write
func writeStream(stream uint32, bytes unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.9 [method]output-stream.subscribe
func subscribeOutput(stream uint32) uint32

//go:wasmimport wasi:io/streams@0.2.9 [resource-drop]output-stream
func dropOutput(stream uint32)

//go:wasmimport wasi:io/error@0.2.9 [method]error.to-debug-string
func errorText(ioError uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/error@0.2.9 [resource-drop]error
func dropError(ioError uint32)

//go:wasmimport wasi:io/poll@0.2.9 poll
func poll(pollables unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/poll@0.2.9 [method]pollable.ready
func pollableReady(pollable uint32) uint32

//go:wasmimport wasi:io/poll@0.2.9 [resource-drop]pollable
func dropPollable(pollable uint32)

//go:wasmimport wasi:clocks/monotonic-clock@0.2.9 subscribe-duration
func subscribeDuration(nanoseconds uint64) uint32
