// The scripted guest in Go, with the package bootstream: its event is a script of steps.
//
// The language of the scripts is the one of the crate scripted-guest, whose README describes it.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"bootstream"
)

func init() { bootstream.Handle(scripted) }

func main() {}

// script is the document with the steps.
type script struct {
	Steps    []json.RawMessage `json:"steps"`
	Body     *string           `json:"body"`
	IsBase64 bool              `json:"isBase64Encoded"`
}

func scripted(ctx context.Context, event bootstream.Event, response *bootstream.Response) error {
	steps, found, err := read(event)
	if err != nil {
		return err
	}
	if !found {
		_, err := fmt.Fprintf(response, "event bytes: %d\n", len(event))
		return err
	}
	return (&runner{ctx: ctx, event: event, response: response}).run(steps)
}

// read returns the steps of a script, which may be the body of an HTTP event.
func read(document []byte) ([]json.RawMessage, bool, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(document, &fields) != nil {
		return nil, false, nil
	}
	var read script
	if err := json.Unmarshal(document, &read); err != nil {
		return nil, false, fmt.Errorf("invalid script: %w", err)
	}
	if _, found := fields["steps"]; found {
		return read.Steps, true, nil
	}
	if read.Body == nil {
		return nil, false, nil
	}
	body := []byte(*read.Body)
	if read.IsBase64 {
		decoded, err := base64.StdEncoding.DecodeString(*read.Body)
		if err != nil {
			return nil, false, nil
		}
		body = decoded
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(body, &inner) != nil || inner["steps"] == nil {
		return nil, false, nil
	}
	return readSteps(inner["steps"])
}

func readSteps(list json.RawMessage) ([]json.RawMessage, bool, error) {
	var steps []json.RawMessage
	if err := json.Unmarshal(list, &steps); err != nil {
		return nil, false, fmt.Errorf("invalid script: %w", err)
	}
	return steps, true, nil
}
