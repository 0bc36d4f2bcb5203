module bootstream

go 1.27
