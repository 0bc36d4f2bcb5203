// Values as text, for the log.

import { withAdvice } from "./missing.js";
import { withSources } from "./source-map.js";

const DEEPEST = 4;
const MOST_ITEMS = 100;

/** Returns whether a value has a name and a message. A `DOMException` is no error to the engine. */
function isError(value) {
  return Error.isError(value) || value instanceof DOMException;
}

/** Returns the name and the message of an error. Anything else that is thrown is shown as text. */
export function errorText(error) {
  if (!isError(error)) {
    return typeof error === "string" ? error : inspect(error);
  }
  const name = nameOf(error);
  let message;
  try {
    message = String(error.message);
    message = error instanceof ReferenceError ? withAdvice(message) : message;
  } catch {
    message = "its message cannot be made";
  }
  return message === "" ? name : `${name}: ${message}`;
}

function nameOf(error) {
  const name = String(error.name ?? "Error");
  const className = error.constructor?.name;
  return name === "Error" && className ? className : name;
}

/** Returns a value as text, as Node.js does: errors with their stack traces and causes. */
export function inspect(value) {
  return show(value, 0, []);
}

/** Returns the arguments of `console.log` as text. */
export function format(args) {
  const rest = [...args];
  let text = "";
  if (typeof rest[0] === "string") {
    text = rest.shift().replace(/%[sdifjoOc%]/g, (directive) => {
      if (directive === "%%") {
        return "%";
      }
      return rest.length === 0 ? directive : directed(directive, rest.shift());
    });
    text = withSources(text);
  } else if (rest.length > 0) {
    text = inspect(rest.shift());
  }
  return [text, ...rest.map((one) => (typeof one === "string" ? withSources(one) : inspect(one)))].join(" ");
}

function directed(directive, value) {
  switch (directive) {
    case "%s":
      return typeof value === "object" ? inspect(value) : String(value);
    case "%d":
      return String(typeof value === "bigint" ? value : Number(value));
    case "%i":
      return String(Math.trunc(Number(value)));
    case "%f":
      return String(Number.parseFloat(value));
    case "%j":
      return JSON.stringify(value) ?? "undefined";
    case "%c":
      return "";
    default:
      return inspect(value);
  }
}

function show(value, depth, above) {
  switch (typeof value) {
    case "string":
      return depth === 0 ? value : JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return value.toString();
    case "function":
      return `[${/^class\b/.test(value) ? "class" : "Function"} ${value.name || "(anonymous)"}]`;
    case "object":
      return value === null ? "null" : showObject(value, depth, above);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function showObject(value, depth, above) {
  if (above.includes(value)) {
    return "[Circular]";
  }
  try {
    return showKind(value, depth, [...above, value]);
  } catch (error) {
    return `[${Object.prototype.toString.call(value).slice(8, -1)}: ${error}]`;
  }
}

function showKind(value, depth, above) {
  if (isError(value)) {
    return showError(value, depth, above);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  }
  if (value instanceof RegExp) {
    return String(value);
  }
  const name = value.constructor?.name ?? "[Object: null prototype]";
  if (depth >= DEEPEST) {
    return Array.isArray(value) ? "[Array]" : `[${name}]`;
  }
  const inner = (one) => show(one, depth + 1, above);
  if (Array.isArray(value)) {
    return list("[", value, inner, "]");
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${name}(${value.length}) ${list("[", value, inner, "]")}`;
  }
  if (value instanceof ArrayBuffer) {
    return `ArrayBuffer { byteLength: ${value.byteLength} }`;
  }
  if (value instanceof Map) {
    return `Map(${value.size}) ${list("{", value, ([key, item]) => `${inner(key)} => ${inner(item)}`, "}")}`;
  }
  if (value instanceof Set) {
    return `Set(${value.size}) ${list("{", value, inner, "}")}`;
  }
  const shown = value instanceof URL || value instanceof URLSearchParams ? `${name} ${JSON.stringify(String(value))}` : "";
  return shown || showFields(value, name, inner);
}

function showFields(value, name, inner) {
  const entries = Reflect.ownKeys(value)
    .filter((key) => Object.getOwnPropertyDescriptor(value, key).enumerable)
    .map((key) => [key, Object.getOwnPropertyDescriptor(value, key)]);
  const fields = list(
    "{",
    entries,
    ([key, field]) => `${keyText(key)}: ${field.get === undefined ? inner(field.value) : "[Getter]"}`,
    "}",
  );
  return name === "Object" ? fields : `${name} ${fields}`;
}

function keyText(key) {
  if (typeof key === "symbol") {
    return `[${key.toString()}]`;
  }
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

function list(open, values, text, close) {
  const shown = [];
  let more = 0;
  for (const value of values) {
    if (shown.length < MOST_ITEMS) {
      shown.push(text(value));
    } else {
      more += 1;
    }
  }
  if (more > 0) {
    shown.push(`... ${more} more`);
  }
  if (shown.length === 0) {
    return open + close;
  }
  return open === "[" ? `[ ${shown.join(", ")} ]` : `{ ${shown.join(", ")} }`;
}

function showError(error, depth, above) {
  const inner = (one) => show(one, depth + 1, above);
  const stack = typeof error.stack === "string" ? withSources(error.stack).trimEnd() : "";
  let text = stack === "" ? errorText(error) : `${errorText(error)}\n${stack}`;
  const own = Object.keys(error).filter((key) => !["name", "message", "stack", "cause", "errors"].includes(key));
  if (own.length > 0) {
    text += ` { ${own.map((key) => `${keyText(key)}: ${inner(error[key])}`).join(", ")} }`;
  }
  if (Object.hasOwn(error, "cause")) {
    text += `\n[cause]: ${inner(error.cause)}`;
  }
  for (const one of Array.isArray(error.errors) ? error.errors : []) {
    text += `\n[error]: ${inner(one)}`;
  }
  return text;
}
