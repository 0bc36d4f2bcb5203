module bootstream

go 1.24
