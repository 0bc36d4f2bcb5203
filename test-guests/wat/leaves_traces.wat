(component
  ;; Grows its memory by as many pages as its event has bytes. Traps if it finds anything in it but zeros and
  ;; its own data; otherwise fills it. After an event of odd length, it reads past the end of its memory.

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

  (core module $main
    (memory (export "memory") 17)
    (data (i32.const 16) "as it was")
    ;; More data
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func $end (result i32) (i32.mul (memory.size) (i32.const 65536)))
    (func (export "handle") (param $arguments i32) (result i32)
      (local $pages i32)
      (local $at i32)
      (local.set $pages (i32.load offset=4 (local.get $arguments)))
      (if (i32.ne (memory.size) (i32.const 17)) (then unreachable))
      (if (i64.ne (i64.load (i32.const 16)) (i64.const 0x61772074_69207361)) (then unreachable))
      (drop (memory.grow (local.get $pages)))
      ;; The arguments are on the lines below.
      (local.set $at (i32.const 524288))
      (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $at) (call $end))))
      (memory.fill (i32.const 0) (i32.const 0xaa) (call $end))
      (if (i32.and (local.get $pages) (i32.const 1))
        (then (drop (i32.load8_u (call $end)))))
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 16))
      (i32.const 0)))
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "realloc" (core func $realloc))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc))))
