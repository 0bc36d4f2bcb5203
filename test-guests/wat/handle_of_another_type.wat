(component
  ;; Exports a `handle` that takes and gives nothing.

  (core module $main (func (export "handle")))
  (core instance $main (instantiate $main))
  (func (export "handle") (canon lift (core func $main "handle"))))
