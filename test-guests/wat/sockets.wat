(component
  ;; Calls every function of `wasi:sockets`, and writes a letter for each: `d` if it was denied.
  ;;
  ;; `sockets.rs` inserts the functions at the comments. Each interface has an additional function outside
  ;; WASI, which returns a resource for the methods.

  (import "bootstream:handler/types@0.1.0" (instance $types
    (type $head-size (record (field "actual-bytes" u64) (field "limit-bytes" u64)))
    (export "head-size" (type $size (eq $head-size)))
    (type $error (variant
      (case "already-started")
      (case "already-finished")
      (case "closed")
      (case "invalid-status" u16)
      (case "invalid-header" string)
      (case "head-too-large" $size)
      (case "other" string)))
    (export "stream-error" (type (eq $error)))
    (type $text (option string))
    (type $context (record
      (field "request-id" string)
      (field "deadline-ms" u64)
      (field "invoked-function-arn" $text)
      (field "trace-id" $text)
      (field "client-context" $text)
      (field "cognito-identity" $text)
      (field "tenant-id" $text)
      (field "function-name" string)
      (field "function-version" string)
      (field "memory-limit-mib" u32)))
    (export "context" (type (eq $context)))))
  (alias export $types "stream-error" (type $stream-error))
  (alias export $types "context" (type $context))
  (import "bootstream:handler/response-stream@0.1.0" (instance $stream
    (alias outer 1 $stream-error (type $error))
    (export "stream-error" (type $e (eq $error)))
    (type $result (result (error $e)))
    (type $chunk (list u8))
    (export "write" (func (param "chunk" $chunk) (result $result)))))

  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.ready" (func (param "self" (borrow $pollable)) (result bool)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "input-stream" (type (sub resource)))
    (export "output-stream" (type (sub resource)))))
  (alias export $streams "input-stream" (type $input-stream))
  (alias export $streams "output-stream" (type $output-stream))

  (import "wasi:sockets/network@0.2.0" (instance $network-types
    (export "network" (type (sub resource)))
    (type $code (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory"
      "timeout" "concurrency-conflict" "not-in-progress" "would-block" "invalid-state"
      "new-socket-limit" "address-not-bindable" "address-in-use" "remote-unreachable"
      "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $code)))
    (type $family (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $family)))
    (type $four (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $ipv4 (eq $four)))
    (type $eight (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $ipv6 (eq $eight)))
    (type $address (variant (case "ipv4" $ipv4) (case "ipv6" $ipv6)))
    (export "ip-address" (type (eq $address)))
    (type $v4 (record (field "port" u16) (field "address" $ipv4)))
    (export "ipv4-socket-address" (type $ipv4-socket (eq $v4)))
    (type $v6 (record (field "port" u16) (field "flow-info" u32) (field "address" $ipv6)
      (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $ipv6-socket (eq $v6)))
    (type $socket (variant (case "ipv4" $ipv4-socket) (case "ipv6" $ipv6-socket)))
    (export "ip-socket-address" (type (eq $socket)))))
  (alias export $network-types "network" (type $network))
  (alias export $network-types "error-code" (type $error-code))
  (alias export $network-types "ip-address-family" (type $ip-address-family))
  (alias export $network-types "ip-address" (type $ip-address))
  (alias export $network-types "ip-socket-address" (type $ip-socket-address))

  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (export "instance-network" (func (result (own $network))))))

  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $ip-name-lookup
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $pollable (eq $p)))
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error-code (eq $e)))
    (alias outer 1 $ip-address (type $a))
    (export "ip-address" (type $ip-address (eq $a)))
    (export "resolve-address-stream" (type $resolve-address-stream (sub resource)))
    (export "some-resolve-address-stream" (func (result (own $resolve-address-stream))))
    ;; functions of ip-name-lookup
    ))

  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $pollable (eq $p)))
    (alias outer 1 $input-stream (type $i))
    (export "input-stream" (type $input-stream (eq $i)))
    (alias outer 1 $output-stream (type $o))
    (export "output-stream" (type $output-stream (eq $o)))
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error-code (eq $e)))
    (alias outer 1 $ip-socket-address (type $a))
    (export "ip-socket-address" (type $ip-socket-address (eq $a)))
    (alias outer 1 $ip-address-family (type $f))
    (export "ip-address-family" (type $ip-address-family (eq $f)))
    (type $s (enum "receive" "send" "both"))
    (export "shutdown-type" (type $shutdown-type (eq $s)))
    (export "tcp-socket" (type $tcp-socket (sub resource)))
    (export "some-tcp-socket" (func (result (own $tcp-socket))))
    ;; functions of tcp
    ))
  (alias export $tcp "tcp-socket" (type $tcp-socket))

  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $tcp-create-socket
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error-code (eq $e)))
    (alias outer 1 $ip-address-family (type $f))
    (export "ip-address-family" (type $ip-address-family (eq $f)))
    (alias outer 1 $tcp-socket (type $t))
    (export "tcp-socket" (type $tcp-socket (eq $t)))
    ;; functions of tcp-create-socket
    ))

  (import "wasi:sockets/udp@0.2.0" (instance $udp
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $pollable (eq $p)))
    (alias outer 1 $network (type $n))
    (export "network" (type $network (eq $n)))
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error-code (eq $e)))
    (alias outer 1 $ip-socket-address (type $a))
    (export "ip-socket-address" (type $ip-socket-address (eq $a)))
    (alias outer 1 $ip-address-family (type $f))
    (export "ip-address-family" (type $ip-address-family (eq $f)))
    (type $data (list u8))
    (type $in (record (field "data" $data) (field "remote-address" $ip-socket-address)))
    (export "incoming-datagram" (type $incoming-datagram (eq $in)))
    (type $to (option $ip-socket-address))
    (type $out (record (field "data" $data) (field "remote-address" $to)))
    (export "outgoing-datagram" (type $outgoing-datagram (eq $out)))
    (export "udp-socket" (type $udp-socket (sub resource)))
    (export "incoming-datagram-stream" (type $incoming-datagram-stream (sub resource)))
    (export "outgoing-datagram-stream" (type $outgoing-datagram-stream (sub resource)))
    (export "some-udp-socket" (func (result (own $udp-socket))))
    (export "some-incoming-datagram-stream" (func (result (own $incoming-datagram-stream))))
    (export "some-outgoing-datagram-stream" (func (result (own $outgoing-datagram-stream))))
    ;; functions of udp
    ))
  (alias export $udp "udp-socket" (type $udp-socket))

  (import "wasi:sockets/udp-create-socket@0.2.0" (instance $udp-create-socket
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error-code (eq $e)))
    (alias outer 1 $ip-address-family (type $f))
    (export "ip-address-family" (type $ip-address-family (eq $f)))
    (alias outer 1 $udp-socket (type $u))
    (export "udp-socket" (type $udp-socket (eq $u)))
    ;; functions of udp-create-socket
    ))

  (core module $memory
    (memory (export "memory") 256)
    (global $free (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $write (canon lower (func $stream "write") (memory $memory) (realloc $realloc)))
  (core func $ready (canon lower (func $poll "[method]pollable.ready")))
  (core func $network (canon lower (func $instance-network "instance-network")))
  (core func $lookup (canon lower (func $ip-name-lookup "some-resolve-address-stream")))
  (core func $tcp (canon lower (func $tcp "some-tcp-socket")))
  (core func $udp (canon lower (func $udp "some-udp-socket")))
  (core func $incoming (canon lower (func $udp "some-incoming-datagram-stream")))
  (core func $outgoing (canon lower (func $udp "some-outgoing-datagram-stream")))
  ;; lowered functions

  (core module $main
    (import "host" "write" (func $write (param i32 i32 i32)))
    (import "host" "ready" (func $ready (param i32) (result i32)))
    (import "host" "network" (func $get-network (result i32)))
    (import "host" "lookup" (func $get-lookup (result i32)))
    (import "host" "tcp" (func $get-tcp (result i32)))
    (import "host" "udp" (func $get-udp (result i32)))
    (import "host" "incoming" (func $get-incoming (result i32)))
    (import "host" "outgoing" (func $get-outgoing (result i32)))
    (import "memory" "memory" (memory 256))
    ;; imported functions
    ;; Records whether the function with this number was denied.
    (func $note (param $number i32) (param $denied i32)
      (i32.store8 offset=1024 (local.get $number)
        (select (i32.const 100) (i32.const 88) (local.get $denied))))
    ;; Whether the result at 256, whose error is at this offset, is `access-denied`.
    (func $is-denied (param $offset i32) (result i32)
      (i32.and
        (i32.eq (i32.load8_u (i32.const 256)) (i32.const 1))
        (i32.eq (i32.load8_u offset=256 (local.get $offset)) (i32.const 1))))
    (func (export "handle") (param i32) (result i32)
      (local $network i32) (local $lookup i32) (local $tcp i32) (local $udp i32)
      (local $incoming i32) (local $outgoing i32)
      (local.set $network (call $get-network))
      (local.set $lookup (call $get-lookup))
      (local.set $tcp (call $get-tcp))
      (local.set $udp (call $get-udp))
      (local.set $incoming (call $get-incoming))
      (local.set $outgoing (call $get-outgoing))
      ;; calls
      (call $write (i32.const 1024) (i32.const 50) (i32.const 64))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance
      (export "write" (func $write))
      (export "ready" (func $ready))
      (export "network" (func $network))
      (export "lookup" (func $lookup))
      (export "tcp" (func $tcp))
      (export "udp" (func $udp))
      (export "incoming" (func $incoming))
      (export "outgoing" (func $outgoing))
      ;; exported functions
      ))
    (with "memory" (instance $memory))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle")
      (memory $memory) (realloc $realloc))))
