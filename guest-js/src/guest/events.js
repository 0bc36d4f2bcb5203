// `Event`, `EventTarget`, `AbortController` and `AbortSignal`.

import { enqueue } from "./jobs.js";
import { setTimeout } from "./timers.js";

export class Event {
  #type;
  #cancelable;
  #bubbles;
  #prevented = false;
  /** Whether later listeners are left out. */
  stopped = false;
  target = null;
  currentTarget = null;

  constructor(type, { bubbles = false, cancelable = false } = {}) {
    this.#type = String(type);
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.timeStamp = performance.now();
  }

  get type() {
    return this.#type;
  }

  get bubbles() {
    return this.#bubbles;
  }

  get cancelable() {
    return this.#cancelable;
  }

  get defaultPrevented() {
    return this.#prevented;
  }

  preventDefault() {
    this.#prevented ||= this.#cancelable;
  }

  stopPropagation() {}

  stopImmediatePropagation() {
    this.stopped = true;
  }

  composedPath() {
    return this.target === null ? [] : [this.target];
  }
}

export class CustomEvent extends Event {
  constructor(type, init = {}) {
    super(type, init);
    this.detail = init.detail ?? null;
  }
}

export class EventTarget {
  #listeners = new Map();

  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) {
      return;
    }
    const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
    const listeners = this.#listeners.get(type) ?? [];
    if (signal?.aborted || listeners.some((one) => one.listener === listener)) {
      return;
    }
    this.#listeners.set(type, [...listeners, { listener, once }]);
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener), { once: true });
  }

  removeEventListener(type, listener) {
    const listeners = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, listeners.filter((one) => one.listener !== listener));
  }

  dispatchEvent(event) {
    event.target = this;
    event.currentTarget = this;
    call(this, this[`on${event.type}`], event);
    for (const { listener, once } of this.#listeners.get(event.type) ?? []) {
      if (event.stopped) {
        break;
      }
      if (once) {
        this.removeEventListener(event.type, listener);
      }
      call(this, typeof listener === "function" ? listener : listener.handleEvent?.bind(listener), event);
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }
}

/** Calls a listener. What it throws ends the invocation, and not the code that dispatches the event. */
function call(target, listener, event) {
  if (typeof listener !== "function") {
    return;
  }
  try {
    listener.call(target, event);
  } catch (error) {
    enqueue(() => {
      throw error;
    });
  }
}

let abortSignal;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  onabort = null;

  static {
    abortSignal = (signal, reason) => signal.#abort(reason);
  }

  constructor(key) {
    if (key !== abortSignal) {
      throw new TypeError("`AbortSignal` has no constructor: take the `signal` of an `AbortController`");
    }
    super();
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) {
      throw this.#reason;
    }
  }

  #abort(reason) {
    if (!this.#aborted) {
      this.#aborted = true;
      this.#reason = reason ?? new DOMException("the operation was aborted", "AbortError");
      this.dispatchEvent(new Event("abort"));
    }
  }

  static abort(reason) {
    const signal = new AbortSignal(abortSignal);
    abortSignal(signal, reason);
    return signal;
  }

  static timeout(pause) {
    const signal = new AbortSignal(abortSignal);
    const expire = () => abortSignal(signal, new DOMException(`it took longer than ${pause} ms`, "TimeoutError"));
    setTimeout(expire, pause).unref();
    return signal;
  }

  static any(signals) {
    const all = [...signals];
    const combined = new AbortSignal(abortSignal);
    const aborted = all.find((one) => one.aborted);
    if (aborted !== undefined) {
      abortSignal(combined, aborted.reason);
      return combined;
    }
    for (const one of all) {
      one.addEventListener("abort", () => abortSignal(combined, one.reason), { once: true });
    }
    return combined;
  }
}

export class AbortController {
  #signal = new AbortSignal(abortSignal);

  get signal() {
    return this.#signal;
  }

  abort(reason) {
    abortSignal(this.#signal, reason);
  }
}

for (const [Class, name] of [[Event, "Event"], [EventTarget, "EventTarget"], [AbortSignal, "AbortSignal"]]) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });
}
