(component
  ;; Streams the lines at the end of this file, one after the other.

  (import "bootstream:handler/types@0.1.0" (instance $types
    (type $headers (list (tuple string string)))
    (type $cookies (list string))
    (type $head (record
      (field "status" u16)
      (field "headers" $headers)
      (field "cookies" $cookies)))
    (export "response-head" (type (eq $head)))
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
  (alias export $types "response-head" (type $response-head))
  (alias export $types "stream-error" (type $stream-error))
  (alias export $types "context" (type $context))
  (import "bootstream:handler/response-stream@0.1.0" (instance $stream
    (alias outer 1 $response-head (type $h))
    (alias outer 1 $stream-error (type $e))
    (export "response-head" (type $head (eq $h)))
    (export "stream-error" (type $error (eq $e)))
    (type $result (result (error $error)))
    (type $chunk (list u8))
    (export "write-headers" (func (param "head" $head) (result $result)))
    (export "write" (func (param "chunk" $chunk) (result $result)))
    (export "finish" (func (result $result)))))
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $pollable (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))

  (core module $memory
    ;; Room for the largest event.
    (memory (export "memory") 128)
    (global $free (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $write-headers (canon lower (func $stream "write-headers")
    (memory $memory) (realloc $realloc)))
  (core func $write (canon lower (func $stream "write")
    (memory $memory) (realloc $realloc)))
  (core func $finish (canon lower (func $stream "finish")
    (memory $memory) (realloc $realloc)))
  (core func $timer (canon lower (func $clock "subscribe-duration")))
  (core func $wait (canon lower (func $poll "[method]pollable.block")))
  (core func $drop (canon resource.drop $pollable))

  (core module $main
    (import "host" "write-headers" (func $write-headers (param i32 i32 i32 i32 i32 i32)))
    (import "host" "write" (func $write (param i32 i32 i32)))
    (import "host" "finish" (func $finish (param i32)))
    (import "host" "timer" (func $timer (param i64) (result i32)))
    (import "host" "wait" (func $wait (param i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "memory" "memory" (memory 128))

    ;; Address 0 holds the result of `handle`, which is `ok`; address 64 those of the host's functions.
    (func (export "handle") (param $parameters i32) (result i32)
      (local $start i32)
      (local $end i32)
      (call $write-headers
        (i32.const 200) (i32.const 176) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 64))
      (local.set $start (i32.const 256))
      (loop $lines
        (local.set $end (local.get $start))
        (loop $letters
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br_if $letters (i32.ne
            (i32.load8_u (i32.sub (local.get $end) (i32.const 1)))
            (i32.const 0x0a))))
        (call $write
          (local.get $start) (i32.sub (local.get $end) (local.get $start)) (i32.const 64))
        ;; The caller has left.
        (if (i32.load8_u (i32.const 64)) (then (return (i32.const 0))))
        (local.set $start (local.get $end))
        (if (i32.load8_u (local.get $start))
          (then (call $pause) (br $lines))))
      (call $finish (i32.const 64))
      (i32.const 0))

    (func $pause
      (local $timer i32)
      (local.set $timer (call $timer (i64.const 400_000_000)))
      (call $wait (local.get $timer))
      (call $drop (local.get $timer)))

    (data (i32.const 128) "content-type")
    (data (i32.const 144) "text/plain; charset=utf-8")
    ;; A header: address and length of its name and of its value.
    (data (i32.const 176) "\80\00\00\00\0c\00\00\00\90\00\00\00\19\00\00\00")
    ;; A zero byte ends the lines.
    (data (i32.const 256)
      "Hello from a WebAssembly component.\n"
      "It was compiled to machine code on this machine,\n"
      "and runs in a sandbox, behind a local AWS Lambda.\n"
      "Each line reached you when the component wrote it.\n"
      "That was the whole stream.\n"
      "\00"))
  (core instance $main (instantiate $main
    (with "host" (instance
      (export "write-headers" (func $write-headers))
      (export "write" (func $write))
      (export "finish" (func $finish))
      (export "timer" (func $timer))
      (export "wait" (func $wait))
      (export "drop" (func $drop))))
    (with "memory" (instance $memory))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle")
      (memory $memory) (realloc $realloc))))
