// `FormData`, and bodies of forms.

import { Blob, File } from "./blob.js";

const LINE = "\r\n";

export class FormData {
  #entries = [];

  append(name, value, filename) {
    this.#entries.push([String(name).toWellFormed(), entryValue(value, filename)]);
  }

  set(name, value, filename) {
    const key = String(name).toWellFormed();
    const at = this.#entries.findIndex(([one]) => one === key);
    if (at < 0) {
      this.append(key, value, filename);
      return;
    }
    this.#entries[at] = [key, entryValue(value, filename)];
    this.#entries = this.#entries.filter(([one], index) => one !== key || index <= at);
  }

  delete(name) {
    this.#entries = this.#entries.filter(([one]) => one !== String(name));
  }

  get(name) {
    return this.getAll(name)[0] ?? null;
  }

  getAll(name) {
    return this.#entries.filter(([one]) => one === String(name)).map(([, value]) => value);
  }

  has(name) {
    return this.#entries.some(([one]) => one === String(name));
  }

  forEach(callback, thisArgument) {
    for (const [name, value] of this) {
      callback.call(thisArgument, value, name, this);
    }
  }

  *entries() {
    for (const [name, value] of this.#entries) {
      yield [name, value];
    }
  }

  *keys() {
    for (const [name] of this.#entries) {
      yield name;
    }
  }

  *values() {
    for (const [, value] of this.#entries) {
      yield value;
    }
  }

  [Symbol.iterator]() {
    return this.entries();
  }
}
Object.defineProperty(FormData.prototype, Symbol.toStringTag, { value: "FormData", configurable: true });

function entryValue(value, filename) {
  if (!(value instanceof Blob)) {
    return String(value).toWellFormed();
  }
  const isFile = value instanceof File && filename === undefined;
  return isFile ? value : new File([value], filename ?? value.name ?? "blob", { type: value.type });
}

/** Returns the bytes of a form, and their media type. */
export function encodeForm(form) {
  const boundary = `form-${crypto.randomUUID()}`;
  const parts = [];
  for (const [name, value] of form) {
    const isFile = value instanceof File;
    const file = isFile ? `; filename="${quoted(value.name)}"` : "";
    const type = isFile ? `content-type: ${value.type || "application/octet-stream"}${LINE}` : "";
    const head = `--${boundary}${LINE}content-disposition: form-data; name="${quoted(name)}"${file}${LINE}${type}${LINE}`;
    parts.push(head, isFile ? value : value.replace(/\r\n|\r|\n/g, LINE), LINE);
  }
  parts.push(`--${boundary}--${LINE}`);
  return { bytes: new Blob(parts).bytesNow(), type: `multipart/form-data; boundary=${boundary}` };
}

function quoted(text) {
  return text.replace(/[\r\n"]/g, (character) => ({ "\r": "%0D", "\n": "%0A" })[character] ?? "%22");
}

/** Reads a form of either media type. Throws a `TypeError` if the bytes are not a form. */
export function decodeForm(bytes, contentType) {
  const type = contentType ?? "";
  const form = new FormData();
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) {
      form.append(name, value);
    }
    return form;
  }
  const [, inQuotes, plain] = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
  const boundary = inQuotes ?? plain;
  if (boundary === undefined) {
    throw new TypeError(`the body is not a form: its type is \`${type}\``);
  }
  // Each character is a byte, so that the engine's own functions can search.
  const parts = `${LINE}${atob(bytes.toBase64())}`.split(`${LINE}--${boundary}`);
  if (parts.length < 2 || !parts.at(-1).startsWith("--")) {
    throw new TypeError("the form has no end");
  }
  for (const part of parts.slice(1, -1)) {
    appendPart(form, part);
  }
  return form;
}

function appendPart(form, part) {
  const end = part.indexOf(LINE + LINE);
  const head = end < 0 ? "" : textOf(part.slice(0, end));
  const name = parameter(head, "name");
  if (name === undefined) {
    throw new TypeError("a part of the form has no name");
  }
  const content = part.slice(end + 2 * LINE.length);
  const filename = parameter(head, "filename");
  if (filename === undefined) {
    form.append(name, textOf(content));
  } else {
    const [, type] = /^content-type:\s*(.+?)\s*$/im.exec(head) ?? [];
    form.append(name, new File([bytesOf(content)], filename, { type: type ?? "text/plain" }));
  }
}

function parameter(head, name) {
  const [, value] = new RegExp(`^content-disposition:.*;\\s*${name}="([^"]*)"`, "im").exec(head) ?? [];
  return value?.replace(/%0D|%0A|%22/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

function bytesOf(binary) {
  return Uint8Array.fromBase64(btoa(binary));
}

function textOf(binary) {
  return new TextDecoder().decode(bytesOf(binary));
}
