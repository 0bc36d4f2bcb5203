package bootstream

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"

	"bootstream/internal/host"
)

// LevelTrace is the level below [slog.LevelDebug].
const LevelTrace = slog.LevelDebug - 4

// logHandler sends the records of [slog] to the host, as one line of the log each.
type logHandler struct {
	text slog.Handler
	out  *output
	log  func(host.Level, string)
}

// output takes the fields of one record at a time.
type output struct {
	sync.Mutex
	strings.Builder
}

// NewLogHandler returns a handler for [slog] that passes records to log: the message, then the fields as name=value.
// In a component it is the default, also of the package log. Its level is the one of the function if the handler sees
// the variable AWS_LAMBDA_LOG_LEVEL, else any: the host filters records as well.
func NewLogHandler(log func(host.Level, string)) slog.Handler {
	out := new(output)
	options := &slog.HandlerOptions{Level: functionLevel(), ReplaceAttr: withoutOwn}
	return &logHandler{slog.NewTextHandler(out, options), out, log}
}

func functionLevel() slog.Level {
	switch strings.ToUpper(os.Getenv("AWS_LAMBDA_LOG_LEVEL")) {
	case "DEBUG":
		return slog.LevelDebug
	case "INFO":
		return slog.LevelInfo
	case "WARN":
		return slog.LevelWarn
	case "ERROR", "FATAL":
		return slog.LevelError
	default:
		return LevelTrace
	}
}

// withoutOwn leaves out what the host adds.
func withoutOwn(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 && (attr.Key == slog.TimeKey || attr.Key == slog.LevelKey || attr.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return attr
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	h.out.Lock()
	defer h.out.Unlock()
	h.out.Reset()
	if err := h.text.Handle(ctx, record); err != nil {
		return err
	}
	message := record.Message
	if fields := strings.TrimSuffix(h.out.String(), "\n"); fields != "" {
		message += " " + fields
	}
	h.log(level(record.Level), message)
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.text.WithAttrs(attrs), h.out, h.log}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.text.WithGroup(name), h.out, h.log}
}

func level(level slog.Level) host.Level {
	switch {
	case level >= slog.LevelError:
		return host.Error
	case level >= slog.LevelWarn:
		return host.Warn
	case level >= slog.LevelInfo:
		return host.Info
	case level >= slog.LevelDebug:
		return host.Debug
	default:
		return host.Trace
	}
}
