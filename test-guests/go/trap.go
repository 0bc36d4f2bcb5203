package main

// trap executes WebAssembly's unreachable.
func trap()
