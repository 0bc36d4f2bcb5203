package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"bootstream"
)

// runner executes the steps of one invocation.
type runner struct {
	ctx      context.Context
	event    bootstream.Event
	response *bootstream.Response
	memory   [][]byte
}

// errUnexpected is a step that did not go as the script expects.
type errUnexpected string

func (e errUnexpected) Error() string {
	return string(e)
}

// run executes steps in order. A refusal is reported with the number of its step.
func (r *runner) run(steps []json.RawMessage) error {
	for number, step := range steps {
		err := r.step(step)
		var unexpected errUnexpected
		if name := refusal(err); name != "" {
			return fmt.Errorf("step %d: %s", number+1, name)
		} else if errors.As(err, &unexpected) {
			return fmt.Errorf("step %d: %w", number+1, err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// step executes one step.
func (r *runner) step(step json.RawMessage) error {
	var name string
	argument := json.RawMessage("null")
	if json.Unmarshal(step, &name) != nil {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(step, &fields); err != nil || len(fields) != 1 {
			return errUnexpected("invalid script: a step is a name, or an object with one")
		}
		for key, value := range fields {
			name, argument = key, value
		}
	}
	perform, found := steps[name]
	if !found {
		return errUnexpected(fmt.Sprintf("invalid script: unknown variant `%s`", name))
	}
	return perform(r, argument)
}

// attempt executes a step and names its outcome.
func (r *runner) attempt(step json.RawMessage) (string, error) {
	err := r.step(step)
	if name := refusal(err); name != "" {
		return name, nil
	}
	return "ok", err
}

func (r *runner) try(step json.RawMessage) error {
	outcome, err := r.attempt(step)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "try: %s\n", outcome)
	// The response may have ended; standard error has the outcome in any case.
	_, _ = fmt.Fprintf(r.response, "try: %s\n", outcome)
	return nil
}

func (r *runner) expect(argument json.RawMessage) error {
	var expectation struct {
		Step   json.RawMessage `json:"step"`
		Result string          `json:"result"`
	}
	if err := json.Unmarshal(argument, &expectation); err != nil {
		return err
	}
	found, err := r.attempt(expectation.Step)
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(found, "(")
	if wanted := expectation.Result; wanted != found && wanted != name {
		return errUnexpected(fmt.Sprintf("expected %s, got %s", wanted, found))
	}
	return nil
}

// refusal returns the name of a refusal in the contract, with its payload in parentheses, or an empty text.
func refusal(err error) string {
	var status *bootstream.InvalidStatusError
	var header *bootstream.InvalidHeaderError
	var large *bootstream.HeadTooLargeError
	var refused *bootstream.RefusedError
	switch {
	case errors.Is(err, bootstream.ErrAlreadyStarted):
		return "already-started"
	case errors.Is(err, bootstream.ErrAlreadyFinished):
		return "already-finished"
	case errors.Is(err, bootstream.ErrClosed):
		return "closed"
	case errors.As(err, &status):
		return fmt.Sprintf("invalid-status(%d)", status.Status)
	case errors.As(err, &header):
		return fmt.Sprintf("invalid-header(%s)", header.Reason)
	case errors.As(err, &large):
		return fmt.Sprintf("head-too-large(%d > %d)", large.Actual, large.Limit)
	case errors.As(err, &refused):
		return fmt.Sprintf("other(%s)", refused.Reason)
	default:
		return ""
	}
}

// pattern writes total bytes, of which the one at offset i is i % 251.
func (r *runner) pattern(total, chunk int) error {
	const period = 251
	chunk = max(chunk, 1)
	var one [period]byte
	for i := range one {
		one[i] = byte(i)
	}
	repeated := bytes.Repeat(one[:], chunk/period+2)
	for offset := 0; offset < total; offset += chunk {
		start := offset % period
		if _, err := r.response.Write(repeated[start : start+min(chunk, total-offset)]); err != nil {
			return err
		}
	}
	return nil
}
