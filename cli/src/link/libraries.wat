(component
  (import "host" (instance $host (export "log" (func (param "text" string)))))
  (core module $shim
    (type $log (func (param i32 i32)))
    (table (export "$imports") 1 funcref)
    (func $log (export "0") (param i32 i32)
      (call_indirect (type $log) (local.get 0) (local.get 1) (i32.const 0))))
  (core module $env
    (memory (export "memory") 1)
    (table (export "table") 8 funcref)
    (global (export "first:base") i32 (i32.const 2))
    (global (export "second:base") i32 (i32.const 4))
    (global (export "counter") (mut i32) (i32.const 40))
    (data (i32.const 100) "hello"))
  (core module $first
    (@custom "dylink.0" "")
    ;; debug
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "base" (global $base i32))
    (import "GOT" "counter" (global $counter (mut i32)))
    (import "host" "log" (func $log (param i32 i32)))
    (elem (global.get $base) func $add)
    (func $add (export "add") (param i32) (result i32)
      (call $log (i32.const 100) (i32.const 5))
      (global.set $counter (i32.add (global.get $counter) (local.get 0)))
      (global.get $counter))
    (func $only-named (export "only-named"))
    ;; The same name as that of an export of the second.
    (func (export "run") (result i32)
      (drop (ref.func $only-named))
      (i32.const 50)))
  (core module $second
    (@custom "dylink.0" "")
    (type $change (func (param i32) (result i32)))
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "base" (global $base i32))
    (import "env" "add" (func $add (param i32) (result i32)))
    (import "host" "log" (func $log (param i32 i32)))
    (global $own_base i32 (global.get $base))
    (elem (global.get $base) func $twice)
    ;; start
    (func $twice (param i32) (result i32)
      (drop (call $add (local.get 0)))
      (call_indirect (type $change) (local.get 0) (i32.const 2)))
    (func (export "run") (result i32)
      (call_indirect (type $change) (i32.const 1) (global.get $own_base))))
  (core module $fixup
    (import "" "$imports" (table 1 funcref))
    (import "" "0" (func $log (param i32 i32)))
    (elem (i32.const 0) func $log))

  (core instance $shim (instantiate $shim))
  (core instance $env (instantiate $env))
  (alias core export $shim "0" (core func $shim_log))
  (core instance $shim_host (export "log" (func $shim_log)))
  (core instance $got (export "counter" (global $env "counter")))
  (core instance $first_env
    (export "memory" (memory $env "memory"))
    (export "table" (table $env "table"))
    (export "base" (global $env "first:base")))
  (core instance $first (instantiate $first
    (with "env" (instance $first_env)) (with "GOT" (instance $got)) (with "host" (instance $shim_host))))
  ;; second
  ;; inner
  (core instance $second_env
    (export "memory" (memory $env "memory"))
    (export "table" (table $env "table"))
    (export "base" (global $env "second:base"))
    (export "add" (func $first "add")))
  (core func $log (canon lower (func $host "log") (memory (core memory $env "memory"))))
  (core instance $lowered
    (export "$imports" (table $shim "$imports"))
    (export "0" (func $log)))
  (core instance (instantiate $fixup (with "" (instance $lowered))))
  (core instance $second (instantiate $second
    (with "env" (instance $second_env)) (with "host" (instance $shim_host))))
  (func (export "run") (result u32) (canon lift (core func $second "run")))
  (func (export "run-first") (result u32) (canon lift (core func $first "run"))))
