// `MessageChannel`, with which packages for browsers wait for the next turn.

import { structuredClone } from "./clone.js";
import { Event, EventTarget } from "./events.js";
import { addTask } from "./loop.js";

export class MessageEvent extends Event {
  constructor(type, init = {}) {
    super(type, init);
    this.data = init.data ?? null;
  }
}

export class MessagePort extends EventTarget {
  onmessage = null;
  #other;
  #closed = false;

  static entangle(one, other) {
    one.#other = other;
    other.#other = one;
  }

  postMessage(message) {
    const data = structuredClone(message);
    const target = this.#other;
    addTask(() => {
      if (!target.#closed) {
        target.dispatchEvent(new MessageEvent("message", { data }));
      }
    });
  }

  start() {}

  close() {
    this.#closed = true;
  }
}

export class MessageChannel {
  port1 = new MessagePort();
  port2 = new MessagePort();

  constructor() {
    MessagePort.entangle(this.port1, this.port2);
  }
}
