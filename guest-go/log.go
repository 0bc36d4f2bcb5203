package bootstream

import (
	"context"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"bootstream/internal/host"
)

// LevelTrace is the level below [slog.LevelDebug].
const LevelTrace = slog.LevelDebug - 4

// logHandler sends the records of [slog] to the host, as one line of the log each.
type logHandler struct {
	log   func(host.Record)
	level slog.Level
	// The names of the groups, each with a dot.
	prefix string
	fields []host.LogField
}

// NewLogHandler returns a handler for [slog] that passes records to log. In a component it is the default, also of the
// package log. Fields of a group have its name before theirs, as in group.name. Values other than text, numbers and
// truth values are logged as text. Its level is the one of the function if the handler sees the variable
// AWS_LAMBDA_LOG_LEVEL, else any: the host filters records as well.
func NewLogHandler(log func(host.Record)) slog.Handler {
	return &logHandler{log: log, level: functionLevel()}
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

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level
}

func (h *logHandler) Handle(_ context.Context, record slog.Record) error {
	fields := slices.Clone(h.fields)
	record.Attrs(func(attr slog.Attr) bool {
		fields = appendFields(fields, h.prefix, attr)
		return true
	})
	h.log(host.Record{Level: level(record.Level), Message: record.Message, Fields: fields})
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.fields = slices.Clone(h.fields)
	for _, attr := range attrs {
		with.fields = appendFields(with.fields, h.prefix, attr)
	}
	return &with
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// appendFields appends the fields of an attribute: one, or those of a group.
func appendFields(fields []host.LogField, prefix string, attr slog.Attr) []host.LogField {
	attr.Value = attr.Value.Resolve()
	if attr.Equal(slog.Attr{}) {
		return fields
	}
	if attr.Value.Kind() != slog.KindGroup {
		return append(fields, host.LogField{Name: prefix + attr.Key, Value: value(attr.Value)})
	}
	if attr.Key != "" {
		prefix += attr.Key + "."
	}
	for _, inner := range attr.Value.Group() {
		fields = appendFields(fields, prefix, inner)
	}
	return fields
}

func value(value slog.Value) any {
	switch value.Kind() {
	case slog.KindBool:
		return value.Bool()
	case slog.KindInt64:
		return value.Int64()
	case slog.KindFloat64:
		return value.Float64()
	case slog.KindUint64:
		// An integer that fits no field is text, which keeps its digits.
		if number := value.Uint64(); number <= math.MaxInt64 {
			return int64(number)
		}
	case slog.KindTime:
		return value.Time().Format(time.RFC3339Nano)
	}
	return value.String()
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
