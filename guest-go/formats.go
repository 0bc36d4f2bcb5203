package bootstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Lines writes newline-delimited JSON.
type Lines struct {
	response *Response
}

// StartLines starts a response of newline-delimited JSON.
func (r *Response) StartLines() (*Lines, error) {
	head := Head{Header: Header{"content-type": {"application/x-ndjson"}}}
	return &Lines{r}, r.Start(head)
}

// Send sends a value as one line.
func (l *Lines) Send(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = l.response.Write(append(line, '\n'))
	return err
}

// ServerEvent is one server-sent event. Fields that are empty are left out.
type ServerEvent struct {
	// The text, which may have several lines.
	Data string
	// The name of the kind of event, and its id. Neither may have line ends.
	Event, ID string
	// How long the client waits before it connects again.
	Retry time.Duration
}

// Events writes server-sent events.
type Events struct {
	response *Response
}

// StartEvents starts a response of server-sent events.
func (r *Response) StartEvents() (*Events, error) {
	head := Head{Header: Header{
		"content-type":  {"text/event-stream"},
		"cache-control": {"no-cache"},
	}}
	return &Events{r}, r.Start(head)
}

// Send sends an event.
func (e *Events) Send(event ServerEvent) error {
	var text bytes.Buffer
	for _, field := range [][2]string{{"event", event.Event}, {"id", event.ID}} {
		if strings.ContainsAny(field[1], "\r\n\x00") {
			return fmt.Errorf("the %s of a server-sent event has a line end: %q", field[0], field[1])
		}
		if field[1] != "" {
			fmt.Fprintf(&text, "%s: %s\n", field[0], field[1])
		}
	}
	if event.Retry > 0 {
		fmt.Fprintf(&text, "retry: %d\n", event.Retry.Milliseconds())
	}
	data := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(event.Data)
	for line := range strings.SplitSeq(data, "\n") {
		fmt.Fprintf(&text, "data: %s\n", line)
	}
	text.WriteByte('\n')
	_, err := e.response.Write(text.Bytes())
	return err
}

// Comment sends a comment, which keeps connections open that are quiet for long.
func (e *Events) Comment(text string) error {
	text = strings.NewReplacer("\r\n", "\n: ", "\r", "\n: ", "\n", "\n: ").Replace(text)
	_, err := e.response.Write([]byte(": " + text + "\n\n"))
	return err
}
