(component
  ;; Built against a later minor version of the contract.

  (import "bootstream:handler/types@0.2.0" (instance (export "context" (type (sub resource)))))
  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
