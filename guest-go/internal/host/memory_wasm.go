//go:build wasip1

package host

import "unsafe"

// arena is memory for the adapter of WASI preview 1, which allocates before functions in Go can run. `bootstream
// build` finds it by its first 16 bytes and adds a function that allocates from it. Then come its size and the number
// of bytes in use, both in little endian.
var arena = [arenaBytes]byte{
	'b', 'o', 'o', 't', 's', 't', 'r', 'e', 'a', 'm', ':', 'a', 'r', 'e', 'n', 'a',
	arenaBytes & 0xff, arenaBytes >> 8 & 0xff, arenaBytes >> 16, 0,
	24, 0, 0, 0,
}

// arenaBytes is enough for the adapter's state and its stack, 64 KiB each.
const arenaBytes = 192 << 10

// Slice is a list or a text in the canonical ABI.
type Slice struct {
	Address, Length uint32
}

// SliceOf returns the text's place in memory. The text must outlive the call that the result is passed to, and not be
// on the stack, which can move: it must come from a caller.
func SliceOf(text string) Slice {
	return Slice{uint32(uintptr(unsafe.Pointer(unsafe.StringData(text)))), uint32(len(text))}
}

// blocks keeps memory that the host has filled from the garbage collector, until it is taken.
var blocks = map[uint32][]uint64{}

// realloc is the allocator for what the host passes in. The canonical ABI calls it with an old block only to make it
// larger, which the host does not.
//
//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldBytes, align, bytes uint32) unsafe.Pointer {
	block := make([]uint64, (bytes+7)/8+1)
	if old != nil {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&block[0])), bytes), unsafe.Slice((*byte)(old), oldBytes))
		delete(blocks, uint32(uintptr(old)))
	}
	address := unsafe.Pointer(&block[0])
	blocks[uint32(uintptr(address))] = block
	return address
}

// Take returns a list of bytes that the host has passed in. Its memory belongs to the caller from now on.
func Take(address, length uint32) []byte {
	if length == 0 {
		delete(blocks, address)
		return nil
	}
	block, found := blocks[address]
	if !found {
		panic("bootstream: the host has passed memory that it has not allocated")
	}
	delete(blocks, address)
	return unsafe.Slice((*byte)(unsafe.Pointer(&block[0])), length)
}

// TakeString returns a text that the host has passed in.
func TakeString(address, length uint32) string {
	bytes := Take(address, length)
	return unsafe.String(unsafe.SliceData(bytes), len(bytes))
}
