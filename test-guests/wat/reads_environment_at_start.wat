(component
  ;; Counts its environment variables while it is instantiated, and traps if there were none.

  (import "bootstream:handler/types@0.1.0" (instance $types
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
  (alias export $types "context" (type $context))

  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))))

  (core module $memory
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $get (canon lower (func $environment "get-environment")
    (memory $memory) (realloc $realloc)))

  (core module $main
    (import "host" "get" (func $get (param i32)))
    (import "memory" "memory" (memory 1))
    (func $start (call $get (i32.const 64)))
    (start $start)
    (func (export "handle") (param i32) (result i32)
      ;; The list's length follows its address.
      (if (i32.eqz (i32.load (i32.const 68))) (then unreachable))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "get" (func $get))))
    (with "memory" (instance $memory))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc))))
