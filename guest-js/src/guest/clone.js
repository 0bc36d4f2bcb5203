// `structuredClone`.

const PRIMITIVE_OBJECTS = [Boolean, Number, String, BigInt];

export function structuredClone(value) {
  return clone(value, new Map());
}

function refuse(what) {
  throw new DOMException(`${what} cannot be cloned`, "DataCloneError");
}

function clone(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") {
    refuse(`a ${typeof value}`);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const known = seen.get(value);
  return known ?? cloneObject(value, seen);
}

function cloneObject(value, seen) {
  const keep = (copy) => {
    seen.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    return copyFields(value, keep(new Array(value.length)), seen);
  }
  if (value instanceof Date) {
    return keep(new Date(value.getTime()));
  }
  if (value instanceof RegExp) {
    return keep(new RegExp(value.source, value.flags));
  }
  if (PRIMITIVE_OBJECTS.some((Class) => value instanceof Class)) {
    return keep(Object(value.valueOf()));
  }
  if (value instanceof ArrayBuffer) {
    return keep(value.slice());
  }
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, seen);
    const length = value instanceof DataView ? value.byteLength : value.length;
    return keep(new value.constructor(buffer, value.byteOffset, length));
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    value.forEach((item, key) => copy.set(clone(key, seen), clone(item, seen)));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    value.forEach((item) => copy.add(clone(item, seen)));
    return copy;
  }
  if (Error.isError(value)) {
    return cloneError(value, keep, seen);
  }
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef || value instanceof Promise) {
    refuse(`a \`${value.constructor.name}\``);
  }
  return copyFields(value, keep({}), seen);
}

function cloneError(error, keep, seen) {
  const Class = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[error.name] ?? Error;
  const copy = keep(new Class(error.message));
  copy.stack = error.stack;
  if (Object.hasOwn(error, "cause")) {
    copy.cause = clone(error.cause, seen);
  }
  return copy;
}

function copyFields(from, to, seen) {
  for (const key of Object.keys(from)) {
    to[key] = clone(from[key], seen);
  }
  return to;
}
