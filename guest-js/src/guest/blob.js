// `Blob` and `File`, in memory.

import { isChunk, toBytes } from "../chunks.js";

export class Blob {
  #bytes;
  #type;

  constructor(parts = [], { type = "" } = {}) {
    const chunks = Array.from(parts, bytesOf);
    this.#bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#type = String(type).toLowerCase();
  }

  get size() {
    return this.#bytes.length;
  }

  get type() {
    return this.#type;
  }

  /** The bytes, for this package. */
  bytesNow() {
    return this.#bytes;
  }

  slice(start, end, type) {
    return new Blob([this.#bytes.slice(start, end)], { type });
  }

  async bytes() {
    return this.#bytes.slice();
  }

  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }

  async text() {
    return new TextDecoder().decode(this.#bytes);
  }

  stream() {
    return new Response(this.#bytes).body;
  }
}

function bytesOf(part) {
  if (part instanceof Blob) {
    return part.bytesNow();
  }
  return toBytes(isChunk(part) ? part : String(part));
}

export class File extends Blob {
  constructor(parts, name, { lastModified = Date.now(), ...options } = {}) {
    super(parts, options);
    this.name = String(name);
    this.lastModified = lastModified;
  }
}
