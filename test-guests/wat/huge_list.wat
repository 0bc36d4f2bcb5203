(component
  ;; Passes a list of 100,000 cookies, all of which are the same text of 1 MiB.

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
    (type $field (tuple string string))
    (type $fields (list $field))
    (type $cookies (list string))
    (type $head (record
      (field "status" u16)
      (field "headers" $fields)
      (field "cookies" $cookies)))
    (export "response-head" (type (eq $head)))
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
  (alias export $types "response-head" (type $response-head))
  (alias export $types "context" (type $context))
  (import "bootstream:handler/response-stream@0.1.0" (instance $stream
    (alias outer 1 $stream-error (type $error))
    (alias outer 1 $response-head (type $head))
    (export "stream-error" (type $e (eq $error)))
    (export "response-head" (type $h (eq $head)))
    (type $result (result (error $e)))
    (export "write-headers" (func (param "head" $h) (result $result)))))

  (core module $memory
    (memory (export "memory") 256)
    (global $free (mut i32) (i32.const 1024))
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

  (core module $main
    (import "host" "write-headers" (func $write-headers (param i32 i32 i32 i32 i32 i32)))
    (import "memory" "memory" (memory 256))
    ;; The list is at 2 MiB, the text at 1 MiB.
    (func (export "handle") (param i32) (result i32)
      (local $i i32) (local $at i32)
      (loop $again
        (local.set $at (i32.add (i32.const 2097152) (i32.mul (local.get $i) (i32.const 8))))
        (i32.store (local.get $at) (i32.const 1048576))
        (i32.store offset=4 (local.get $at) (i32.const 1048576))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
      (call $write-headers
        (i32.const 200) (i32.const 0) (i32.const 0)
        (i32.const 2097152) (i32.const 100000) (i32.const 64))
      ;; `ok`: a zero at offset 0.
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "write-headers" (func $write-headers))))
    (with "memory" (instance $memory))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle")
      (memory $memory) (realloc $realloc))))
