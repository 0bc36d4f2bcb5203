// Records of the function's log with fields.

/** Where the component's runtime keeps its function `(level, message, fields)`. */
export const SINK = Symbol.for("bootstream.log");

function record(level) {
  return (message, fields = {}) => {
    // In tests on Node.js there is no function's log.
    const sink = globalThis[SINK] ?? ((level, message, fields) => globalThis.console[level](message, fields));
    sink(level, String(message), Object.entries(fields));
  };
}

export const log = {
  trace: record("trace"),
  debug: record("debug"),
  info: record("info"),
  warn: record("warn"),
  error: record("error"),
};
