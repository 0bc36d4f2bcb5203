package main

import (
	"testing"

	"bootstream/bootstreamtest"
)

func TestNumbersAreStreamed(t *testing.T) {
	pause = 0
	event := `{"rawPath":"/numbers","rawQueryString":"count=2","requestContext":{"http":{"method":"GET"}}}`

	recorded := bootstreamtest.Invoke(numbers, event)

	if recorded.Err != nil || recorded.Status != 200 {
		t.Fatalf("status %d, error %v", recorded.Status, recorded.Err)
	}
	if got := recorded.Header.Get("content-type"); got != "text/plain" {
		t.Errorf("content-type: %q", got)
	}
	want := []string{"Number: 1\n", "Number: 2\n", "Streaming complete!\n"}
	if len(recorded.Chunks) != len(want) {
		t.Fatalf("chunks: %q", recorded.Chunks)
	}
	for i, chunk := range recorded.Chunks {
		if string(chunk) != want[i] {
			t.Errorf("chunk %d: %q", i, chunk)
		}
	}
}

func TestAReaderThatIsGoneEndsTheHandler(t *testing.T) {
	pause = 0

	recorded := bootstreamtest.Invoke(numbers, "{}", bootstreamtest.ClosesAfter(1))

	if recorded.Err == nil || len(recorded.Chunks) != 1 {
		t.Fatalf("error %v, chunks %q", recorded.Err, recorded.Chunks)
	}
}
