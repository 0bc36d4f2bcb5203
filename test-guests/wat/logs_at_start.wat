(component
  ;; Logs `at start` while it is instantiated, and then returns `ok`.

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

  (import "bootstream:handler/logging@0.1.0" (instance $logging
    (type $levels (enum "trace" "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $levels)))
    (export "log" (func (param "level" $level) (param "message" string)))))

  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 16) "at start")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $log (canon lower (func $logging "log") (memory $memory)))

  (core module $main
    (import "host" "log" (func $log (param i32 i32 i32)))
    ;; 2 is `info`; the address and length of the message follow.
    (func $start (call $log (i32.const 2) (i32.const 16) (i32.const 8)))
    (start $start)
    (func (export "handle") (param i32) (result i32) (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "log" (func $log))))))

  (type $event (list u8))
  (type $outcome (result (error string)))
  (func (export "handle") (param "event" $event) (param "context" $context) (result $outcome)
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc))))
