// Bodies of requests and responses. A body that is not read as a stream never becomes one.

import { isChunk, isIterable, toBytes } from "../chunks.js";
import { decodeForm, encodeForm, FormData } from "./form-data.js";

const FORM = "application/x-www-form-urlencoded;charset=UTF-8";

/** A body: `source` is text, bytes, a stream, another iterable, or `null`. */
export class Body {
  #source = null;
  #stream = null;
  #used = false;

  /** Sets the body, and the type that it implies if `headers` have none. */
  setBody(body, headers) {
    if (body === undefined || body === null) {
      return;
    }
    let type;
    if (body instanceof URLSearchParams) {
      this.#source = body.toString();
      type = FORM;
    } else if (body instanceof FormData) {
      ({ bytes: this.#source, type } = encodeForm(body));
    } else if (body instanceof Blob) {
      this.#source = body.bytesNow();
      type = body.type;
    } else if (isChunk(body)) {
      // The caller may change the bytes later.
      this.#source = typeof body === "string" ? body : toBytes(body).slice();
      type = typeof body === "string" ? "text/plain;charset=UTF-8" : "";
    } else if (isIterable(body)) {
      if (body.locked) {
        throw new TypeError("the stream of the body is locked: somebody reads it already");
      }
      this.#source = body;
    } else {
      this.#source = String(body);
      type = "text/plain;charset=UTF-8";
    }
    if (type && !headers.has("content-type")) {
      headers.set("content-type", type);
    }
  }

  get body() {
    if (this.#source === null) {
      return null;
    }
    this.#stream ??= toStream(this.#source);
    return this.#stream;
  }

  get bodyUsed() {
    return this.#used || (this.#stream?.locked ?? false);
  }

  /** Returns an iterable of the chunks, and marks the body as read. */
  chunks() {
    if (this.#used || this.#stream?.locked) {
      throw new TypeError("the body was read before");
    }
    this.#used = this.#source !== null;
    if (this.#stream !== null) {
      return this.#stream;
    }
    if (this.#source === null) {
      return [];
    }
    return isChunk(this.#source) ? [this.#source] : this.#source;
  }

  /** Returns a body that is sent with its length, or `undefined` for one that is made piece by piece. */
  wholeBody() {
    return isChunk(this.#source) && this.#stream === null && !this.#used ? toBytes(this.#source) : undefined;
  }

  hasBody() {
    return this.#source !== null;
  }

  /** Returns two sources of the same body, and keeps one. */
  teeBody() {
    if (this.bodyUsed) {
      throw new TypeError("the body was read before: clone it earlier");
    }
    if (this.#source === null || (isChunk(this.#source) && this.#stream === null)) {
      return this.#source;
    }
    const [own, other] = this.body.tee();
    this.#source = own;
    this.#stream = own;
    return other;
  }

  async bytes() {
    const chunks = [];
    let length = 0;
    for await (const chunk of this.chunks()) {
      const bytes = toBytes(chunk);
      chunks.push(bytes);
      length += bytes.length;
    }
    if (chunks.length === 1) {
      return chunks[0];
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const bytes of chunks) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  async arrayBuffer() {
    const bytes = await this.bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  }

  async text() {
    const bytes = await this.bytes();
    return new TextDecoder().decode(bytes);
  }

  async json() {
    return JSON.parse(await this.text());
  }

  async blob() {
    return new Blob([await this.bytes()], { type: this.headers.get("content-type") ?? "" });
  }

  async formData() {
    return decodeForm(await this.bytes(), this.headers.get("content-type"));
  }
}

function toStream(source) {
  if (source instanceof ReadableStream) {
    return source;
  }
  const chunks = isChunk(source) ? [source] : source;
  const iterator = chunks[Symbol.asyncIterator]?.() ?? chunks[Symbol.iterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) {
          controller.close();
        } else {
          controller.enqueue(toBytes(value));
        }
      },
      async cancel(reason) {
        await iterator.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
