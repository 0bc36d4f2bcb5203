(component
  ;; A component, but not one that handles anything.
)
