(component
  ;; Built against an earlier minor version of the contract.

  (import "bootstream:handler/types@0.0.9" (instance (export "context" (type (sub resource)))))
  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
