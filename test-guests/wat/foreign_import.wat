(component
  ;; Imports an interface outside our worlds.

  (import "acme:queue/publish@1.0.0" (instance (export "publish" (func))))
  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
