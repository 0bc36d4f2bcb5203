(component
  ;; A component without exports.
)
