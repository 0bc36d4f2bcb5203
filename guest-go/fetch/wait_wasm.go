//go:build wasip1

package fetch

import (
	"context"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"bootstream/internal/host"
)

// tick is how long a call of the host may wait while goroutines have timers.
const tick = 2 * time.Millisecond

// waiting are the pollables that goroutines wait for. A call that waits stops all goroutines, so it waits for all of
// these.
var waiting []uint32

// wait waits until one of the pollables is ready, and drops them. Other goroutines run meanwhile. Returns early, with
// its error, when the context ends.
func wait(ctx context.Context, pollables ...uint32) error {
	waiting = append(waiting, pollables...)
	defer func() {
		for _, one := range pollables {
			at := slices.Index(waiting, one)
			waiting = slices.Delete(waiting, at, at+1)
			dropPollable(one)
		}
	}()
	for {
		// All goroutines that can run get their turn, and timers fire.
		runtime.Gosched()
		for _, one := range pollables {
			if pollableReady(one) != 0 {
				return nil
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pollAll()
	}
}

func pollAll() {
	clock := subscribeDuration(uint64(tick))
	handles := append(slices.Clone(waiting), clock)
	result := new(host.Slice)
	poll(unsafe.Pointer(&handles[0]), uint32(len(handles)), unsafe.Pointer(result))
	host.Take(result.Address, result.Length*4)
	dropPollable(clock)
}
