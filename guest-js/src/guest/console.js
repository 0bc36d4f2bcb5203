// `console`: each call is one record of the function's log.

import { format, inspect } from "./inspect.js";
import { host } from "./host.js";
import { clock } from "./loop.js";
import { isHandling } from "./phase.js";

let indent = "";
const counts = new Map();
const timers = new Map();

function record(level, args) {
  // What is logged while the component is made has no log to go to.
  if (isHandling()) {
    host.log(level, indent + format(args).replaceAll("\n", `\n${indent}`));
  }
}

function elapsed(label) {
  const start = timers.get(label);
  return start === undefined ? undefined : `${label}: ${(clock() - start).toFixed(3)} ms`;
}

export const console = {
  trace(...args) {
    const { stack } = new Error();
    record("trace", [...args, `\n${stack.trimEnd()}`]);
  },
  debug: (...args) => record("debug", args),
  log: (...args) => record("info", args),
  info: (...args) => record("info", args),
  warn: (...args) => record("warn", args),
  error: (...args) => record("error", args),
  dir: (value) => record("info", [inspect(value)]),
  table: (value) => record("info", [inspect(value)]),
  assert(condition, ...args) {
    if (!condition) {
      record("error", ["assertion failed:", ...args]);
    }
  },
  count(label = "default") {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    record("info", [`${label}: ${counts.get(label)}`]);
  },
  countReset: (label = "default") => void counts.delete(label),
  group(...args) {
    if (args.length > 0) {
      record("info", args);
    }
    indent += "  ";
  },
  groupEnd() {
    indent = indent.slice(2);
  },
  time: (label = "default") => void timers.set(label, isHandling() ? clock() : 0),
  timeLog(label = "default", ...args) {
    record("info", [elapsed(label) ?? `${label}: no such timer`, ...args]);
  },
  timeEnd(label = "default") {
    record("info", [elapsed(label) ?? `${label}: no such timer`]);
    timers.delete(label);
  },
};
console.groupCollapsed = console.group;
