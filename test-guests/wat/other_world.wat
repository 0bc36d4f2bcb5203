(component
  ;; Exports a function, but not `handle`.

  (core module $main (func (export "run")))
  (core instance $main (instantiate $main))
  (func (export "run") (canon lift (core func $main "run"))))
