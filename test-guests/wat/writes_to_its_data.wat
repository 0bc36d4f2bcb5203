(component
  ;; Adds one to a byte in each of 100 pages of its data, and traps if one was not as in the component.

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
    (memory (export "memory") 16)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    ;; 512 KiB of data from the second page of memory on
    (func (export "handle") (param i32) (result i32)
      (local $at i32)
      (local.set $at (i32.const 65536))
      (loop $pages
        (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x61)) (then unreachable))
        (i32.store8 (local.get $at) (i32.const 0x62))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if $pages (i32.lt_u (local.get $at) (i32.const 475136))))
      (i32.const 0)))
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "realloc" (core func $realloc))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc))))
