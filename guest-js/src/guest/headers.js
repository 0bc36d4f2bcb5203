// `Headers`.

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function checkName(name) {
  const text = String(name);
  if (!NAME.test(text)) {
    throw new TypeError(`\`${text}\` is not a valid name of a header`);
  }
  return text.toLowerCase();
}

function checkValue(name, value) {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\r\n]/.test(text)) {
    throw new TypeError(`the value of the header \`${name}\` has a line break or a zero byte`);
  }
  return text;
}

export class Headers {
  /** Values by name in lower case. */
  #values = new Map();

  constructor(init) {
    if (init === undefined || init === null) {
      return;
    }
    if (typeof init !== "object") {
      throw new TypeError("headers are an object or pairs of name and value");
    }
    const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
    for (const pair of pairs) {
      const [name, value, ...more] = pair;
      if (value === undefined || more.length > 0) {
        throw new TypeError("each header is a pair of name and value");
      }
      this.append(name, value);
    }
  }

  append(name, value) {
    const key = checkName(name);
    const values = this.#values.get(key);
    const text = checkValue(key, value);
    if (values === undefined) {
      this.#values.set(key, [text]);
    } else {
      values.push(text);
    }
  }

  set(name, value) {
    const key = checkName(name);
    this.#values.set(key, [checkValue(key, value)]);
  }

  delete(name) {
    this.#values.delete(checkName(name));
  }

  get(name) {
    return this.#values.get(checkName(name))?.join(", ") ?? null;
  }

  has(name) {
    return this.#values.has(checkName(name));
  }

  getSetCookie() {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  forEach(callback, thisArgument) {
    for (const [name, value] of this) {
      callback.call(thisArgument, value, name, this);
    }
  }

  *entries() {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name);
      if (name === "set-cookie") {
        for (const value of values) {
          yield [name, value];
        }
      } else {
        yield [name, values.join(", ")];
      }
    }
  }

  *keys() {
    for (const [name] of this.entries()) {
      yield name;
    }
  }

  *values() {
    for (const [, value] of this.entries()) {
      yield value;
    }
  }

  [Symbol.iterator]() {
    return this.entries();
  }
}
Object.defineProperty(Headers.prototype, Symbol.toStringTag, { value: "Headers", configurable: true });
