module hello

go 1.24

require bootstream v0.0.0

replace bootstream => ../../../guest-go
