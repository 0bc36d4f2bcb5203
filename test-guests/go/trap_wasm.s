#include "textflag.h"

// The instruction `unreachable`.
TEXT ·trap(SB), NOSPLIT, $0-0
	UNDEF
