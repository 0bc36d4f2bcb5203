(component
  ;; Responds with its event.

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
  (core func $write (canon lower (func $stream "write")
    (memory $memory) (realloc $realloc)))

  (core module $main
    (import "host" "write" (func $write (param i32 i32 i32)))
    (import "memory" "memory" (memory 256))
    ;; The parameters are in memory: the event's address and length come first.
    (func (export "handle") (param $parameters i32) (result i32)
      (call $write
        (i32.load (local.get $parameters))
        (i32.load offset=4 (local.get $parameters))
        (i32.const 64))
      ;; `ok`: a zero at offset 0.
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "write" (func $write))))
    (with "memory" (instance $memory))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle")
      (memory $memory) (realloc $realloc))))
