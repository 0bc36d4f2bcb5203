(component
  ;; Built against a later patch of the contract, and uses its additions.

  (import "bootstream:handler/response-stream@0.1.7" (instance (export "flush" (func))))
  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
