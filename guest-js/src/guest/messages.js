// `Request` and `Response`.

import { Body } from "./body.js";

const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"];
const REDIRECTS = [301, 302, 303, 307, 308];
/** Statuses of responses without a body. */
const BODILESS = [101, 103, 204, 205, 304];

export class Request extends Body {
  #url;
  #method;
  #headers;
  #signal;

  constructor(input, init = {}) {
    super();
    const from = input instanceof Request ? input : undefined;
    this.#url = from === undefined ? absolute(input) : from.url;
    this.#method = checkMethod(init.method ?? from?.method ?? "GET");
    this.#headers = new Headers(init.headers ?? from?.headers);
    this.#signal = init.signal ?? from?.signal ?? new AbortController().signal;
    this.redirect = init.redirect ?? from?.redirect ?? "follow";
    const body = init.body ?? from?.takeBody() ?? null;
    if (body !== null && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError(`a request with the method ${this.#method} has no body`);
    }
    this.setBody(body, this.#headers);
  }

  get url() {
    return this.#url;
  }

  get method() {
    return this.#method;
  }

  get headers() {
    return this.#headers;
  }

  get signal() {
    return this.#signal;
  }

  /** Hands the body over to another request. */
  takeBody() {
    const body = this.teeBody();
    if (body !== null) {
      this.chunks();
    }
    return body;
  }

  clone() {
    return new Request(this.#url, {
      method: this.#method,
      headers: this.#headers,
      signal: this.#signal,
      redirect: this.redirect,
      body: this.teeBody(),
    });
  }
}

function absolute(input) {
  const url = new URL(String(input));
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("the URL has credentials: send them as a header, `authorization`, of a secret in `secrets`");
  }
  return url.href;
}

function checkMethod(method) {
  const text = String(method);
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) {
    throw new TypeError(`\`${text}\` is not a valid method`);
  }
  const upper = text.toUpperCase();
  return METHODS.includes(upper) ? upper : text;
}

export class Response extends Body {
  #status;
  #statusText;
  #headers;
  #url = "";
  #redirected = false;
  #type = "default";

  constructor(body = null, { status = 200, statusText = "", headers } = {}) {
    super();
    const number = Number(status);
    if (!Number.isInteger(number) || number < 200 || number > 599) {
      throw new RangeError(`the status \`${status}\` is outside 200 to 599`);
    }
    if (body !== null && body !== undefined && BODILESS.includes(number)) {
      throw new TypeError(`a response with the status ${number} has no body`);
    }
    this.#status = number;
    this.#statusText = String(statusText);
    this.#headers = new Headers(headers);
    this.setBody(body, this.#headers);
  }

  get status() {
    return this.#status;
  }

  get statusText() {
    return this.#statusText;
  }

  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }

  get headers() {
    return this.#headers;
  }

  get url() {
    return this.#url;
  }

  get redirected() {
    return this.#redirected;
  }

  get type() {
    return this.#type;
  }

  /** Sets what `fetch` knows. */
  fetched(url, redirected, status) {
    this.#url = url;
    this.#redirected = redirected;
    this.#status = status;
    this.#type = "basic";
    return this;
  }

  clone() {
    const { status, statusText, headers } = this;
    const made = new Response(null, { statusText, headers });
    made.setBody(this.teeBody(), made.headers);
    return made.fetched(this.#url, this.#redirected, status);
  }

  static json(value, init = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) {
      headers.set("content-type", "application/json");
    }
    const text = JSON.stringify(value);
    if (text === undefined) {
      throw new TypeError(`JSON has no such value: a ${typeof value}`);
    }
    return new Response(text, { ...init, headers });
  }

  static redirect(url, status = 302) {
    if (!REDIRECTS.includes(status)) {
      throw new RangeError(`the status ${status} is not a redirect`);
    }
    return new Response(null, { status, headers: { location: new URL(String(url)).href } });
  }

  static error() {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    return response;
  }
}

for (const [Class, name] of [[Request, "Request"], [Response, "Response"]]) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
}
