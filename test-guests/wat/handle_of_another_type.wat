(component
  ;; Exports a `handle` without parameters and results.

  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
