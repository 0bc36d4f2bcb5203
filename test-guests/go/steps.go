package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"bootstream"
	"bootstream/fetch"
)

// steps has what each step does.
var steps map[string]func(*runner, json.RawMessage) error

func init() {
	steps = map[string]func(*runner, json.RawMessage) error{
		"write_headers":      of(writeHeaders),
		"write_many_headers": of(writeManyHeaders),
		"start_document":     bare(func(r *runner) error { return r.response.StartDocument() }),
		"start_raw":          of(func(r *runner, kind string) error { return r.response.StartRaw(kind) }),
		"write":              of(write),
		"write_bytes":        of(writeBytes),
		"write_many":         of(writeMany),
		"write_pattern":      of(writePattern),
		"write_context":      bare(writeContext),
		"write_event_digest": bare(writeEventDigest),
		"write_env":          bare(writeEnv),
		"write_args":         bare(func(r *runner) error { return writeJSON(r, os.Args) }),
		"finish":             bare(func(r *runner) error { return r.response.Finish() }),
		"sleep_ms":           of(func(_ *runner, pause int) error { time.Sleep(ms(pause)); return nil }),
		"spin_ms":            of(spin),
		"loop_forever":       bare(loopForever),
		"loop_writing":       bare(loopWriting),
		"repeat_forever":     repeatForever,
		"recurse_forever":    bare(func(*runner) error { recurse(0); return nil }),
		"grow_memory":        of(growMemory),
		"trap":               bare(func(*runner) error { trap(); return nil }),
		"panic":              of(func(_ *runner, message string) error { panic(message) }),
		"error":              of(func(_ *runner, message string) error { return errors.New(message) }),
		"exit":               of(func(_ *runner, code int) error { os.Exit(code); return nil }),
		"print":              of(func(_ *runner, text string) error { _, err := io.WriteString(os.Stdout, text); return err }),
		"eprint":             of(func(_ *runner, text string) error { _, err := io.WriteString(os.Stderr, text); return err }),
		"log":                of(log),
		"fetch":              of(fetchStep),
		"fetch_at_once":      of(fetchAtOnce),
		"panic_elsewhere":    of(panicElsewhere),
		"try":                (*runner).try,
		"expect":             (*runner).expect,
	}
}

// of is a step with an argument.
func of[T any](perform func(*runner, T) error) func(*runner, json.RawMessage) error {
	return func(r *runner, argument json.RawMessage) error {
		var value T
		decoder := json.NewDecoder(bytes.NewReader(argument))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&value); err != nil {
			return errUnexpected(fmt.Sprintf("invalid script: %v", err))
		}
		return perform(r, value)
	}
}

// bare is a step without an argument.
func bare(perform func(*runner) error) func(*runner, json.RawMessage) error {
	return func(r *runner, _ json.RawMessage) error { return perform(r) }
}

func ms(count int) time.Duration {
	return time.Duration(count) * time.Millisecond
}

type head struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
	Cookies []string    `json:"cookies"`
}

func writeHeaders(r *runner, head head) error {
	header := bootstream.Header{}
	for _, field := range head.Headers {
		header.Add(field[0], field[1])
	}
	return r.response.Start(bootstream.Head{Status: head.Status, Header: header, Cookies: head.Cookies})
}

type many struct {
	Count int    `json:"count"`
	Bytes int    `json:"bytes"`
	Chunk string `json:"chunk"`
}

func writeManyHeaders(r *runner, many many) error {
	header := bootstream.Header{}
	for range many.Count {
		header.Add("x", strings.Repeat("v", many.Bytes))
	}
	return r.response.Start(bootstream.Head{Header: header})
}

func write(r *runner, text string) error {
	_, err := r.response.WriteString(text)
	return err
}

type fill struct {
	Len  int  `json:"len"`
	Fill byte `json:"fill"`
}

func writeBytes(r *runner, fill fill) error {
	_, err := r.response.Write(bytes.Repeat([]byte{fill.Fill}, fill.Len))
	return err
}

func writeMany(r *runner, many many) error {
	for range many.Count {
		if err := write(r, many.Chunk); err != nil {
			return err
		}
	}
	return nil
}

type pattern struct {
	Total int `json:"total"`
	Chunk int `json:"chunk"`
}

func writePattern(r *runner, pattern pattern) error {
	return r.pattern(pattern.Total, pattern.Chunk)
}

func writeJSON(r *runner, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = r.response.Write(text)
	return err
}

func writeContext(r *runner) error {
	i := bootstream.InvocationOf(r.ctx)
	return writeJSON(r, map[string]any{
		"request-id":           i.RequestID,
		"deadline-ms":          i.Deadline.UnixMilli(),
		"invoked-function-arn": i.InvokedFunctionARN,
		"trace-id":             i.TraceID,
		"client-context":       i.ClientContext,
		"cognito-identity":     i.CognitoIdentity,
		"tenant-id":            i.TenantID,
		"function-name":        i.FunctionName,
		"function-version":     i.FunctionVersion,
		"memory-limit-mib":     i.MemoryLimitMiB,
	})
}

func writeEventDigest(r *runner) error {
	digest := fnv.New64a()
	_, _ = digest.Write(r.event)
	return write(r, fmt.Sprintf("bytes: %d fnv1a64: %016x\n", len(r.event), digest.Sum64()))
}

func writeEnv(r *runner) error {
	variables := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return writeJSON(r, variables)
}

var sink uint64

func spin(_ *runner, pause int) error {
	for end := time.Now().Add(ms(pause)); time.Now().Before(end); {
		for i := range uint64(1000) {
			sink ^= i
		}
	}
	return nil
}

func loopForever(*runner) error {
	for {
		sink++
	}
}

func loopWriting(r *runner) error {
	chunk := bytes.Repeat([]byte("x"), 1024)
	for {
		_, _ = r.response.Write(chunk)
	}
}

func repeatForever(r *runner, step json.RawMessage) error {
	for {
		if err := r.step(step); err != nil {
			return err
		}
	}
}

// recurse uses the result of the inner call, so that no compiler can turn the recursion into a loop.
func recurse(depth uint64) uint64 {
	if depth == ^uint64(0) {
		return 0
	}
	return recurse(depth+1)<<7 ^ depth
}

func growMemory(r *runner, size int) error {
	memory := make([]byte, size)
	for at := 0; at < size; at += 4096 {
		memory[at] = 1
	}
	r.memory = append(r.memory, memory)
	return nil
}

var levels = map[string]slog.Level{
	"trace": bootstream.LevelTrace,
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

type record struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	// Pairs of a name and a value.
	Fields [][2]any `json:"fields"`
}

func log(r *runner, record record) error {
	attrs := make([]slog.Attr, 0, len(record.Fields))
	for _, field := range record.Fields {
		attrs = append(attrs, slog.Any(field[0].(string), field[1]))
	}
	slog.LogAttrs(r.ctx, levels[record.Level], record.Message, attrs...)
	return nil
}

type request struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	Body   string `json:"body"`
}

func fetchStep(r *runner, request request) error {
	// The response starts before anything can fail.
	if err := write(r, ""); err != nil {
		return err
	}
	line, err := sent(r, request)
	if err != nil {
		line = "error: " + err.Error()
	}
	return write(r, line+"\n")
}

// fetchAtOnce sends as many requests from goroutines, and writes the statuses.
func fetchAtOnce(r *runner, many struct {
	Count int    `json:"count"`
	URL   string `json:"url"`
}) error {
	lines := make(chan string)
	for range many.Count {
		go func() {
			line, err := sent(r, request{URL: many.URL})
			if err != nil {
				line = "error: " + err.Error()
			}
			lines <- line
		}()
	}
	for range many.Count {
		if err := write(r, <-lines+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// panicElsewhere panics in a goroutine that the handler does not wait for.
func panicElsewhere(_ *runner, message string) error {
	go func() { panic(message) }()
	time.Sleep(time.Second)
	return nil
}

// sent sends a request. Returns `ok: `, the status, the size of the body and the body.
func sent(r *runner, request request) (string, error) {
	outgoing := &fetch.Request{Method: request.Method, URL: request.URL}
	if request.Body != "" {
		outgoing.Body = strings.NewReader(request.Body)
	}
	answer, err := fetch.Do(r.ctx, outgoing)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ok: %d %d %s", answer.Status, len(body), body), nil
}
