// Chunks of a body, as bytes.

let encoder;

/** Returns the bytes of a chunk: text, an `ArrayBuffer`, or a view of one. */
export function toBytes(chunk) {
  if (typeof chunk === "string") {
    // The component's `TextEncoder` is there only after the first modules.
    encoder ??= new TextEncoder();
    return encoder.encode(chunk);
  }
  if (chunk instanceof Uint8Array) {
    return chunk;
  }
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (chunk instanceof ArrayBuffer) {
    return new Uint8Array(chunk);
  }
  throw new TypeError(`a chunk is text or bytes, not ${describe(chunk)}`);
}

/** Returns whether `toBytes` takes a value. */
export function isChunk(value) {
  return typeof value === "string" || value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** Returns whether a value is an iterator or a stream of several values, and not text or bytes. */
export function isIterable(value) {
  if (value === null || typeof value !== "object" || isChunk(value) || Array.isArray(value)) {
    return false;
  }
  return typeof value[Symbol.asyncIterator] === "function" || typeof value[Symbol.iterator] === "function";
}

/** Names the type of a value, for messages. */
export function describe(value) {
  if (value === null || typeof value !== "object") {
    return value === null || value === undefined ? `${value}` : `a ${typeof value}`;
  }
  return `an object of \`${value.constructor?.name ?? "Object"}\``;
}
