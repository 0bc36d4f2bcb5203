// `setTimeout`, `setInterval` and `setImmediate`.

import { addTask, clock } from "./loop.js";
import { needHost } from "./phase.js";

/** The longest pause of a timer, in milliseconds. A longer one is treated as 1, as in browsers and Node.js. */
const LONGEST_MS = 2 ** 31 - 1;

let lastId = 0;
/** Timers that wait, by id. */
const timers = new Map();
/** The timers in the order in which they are due. Sorted only when somebody asks. */
let order;

/** What `setTimeout` returns: a number for the web, and the methods of Node.js. */
class Timeout {
  #callback;
  #pause;
  #repeats;
  #ref = true;

  constructor(callback, pause, repeats) {
    lastId += 1;
    this.#callback = callback;
    this.#pause = pause >= 1 && pause <= LONGEST_MS ? Math.trunc(pause) : 1;
    this.#repeats = repeats;
    this.id = lastId;
    this.refresh();
  }

  /** Starts the pause again. */
  refresh() {
    this.due = clock() + this.#pause;
    timers.set(this.id, this);
    order = undefined;
    return this;
  }

  fire() {
    if (!timers.delete(this.id)) {
      return;
    }
    order = undefined;
    if (this.#repeats) {
      this.refresh();
    }
    this.#callback();
  }

  /** The invocation does not wait for this timer. */
  unref() {
    this.#ref = false;
    return this;
  }

  ref() {
    this.#ref = true;
    return this;
  }

  hasRef() {
    return this.#ref;
  }

  close() {
    clearTimer(this);
    return this;
  }

  [Symbol.toPrimitive]() {
    return this.id;
  }

  [Symbol.dispose]() {
    clearTimer(this);
  }
}

/** Returns the timer that is due first among those that count. */
export function nextTimer(counts) {
  return inOrder().find(counts);
}

/** Returns the timers that are due, the first one first. */
export function dueTimers(time) {
  return inOrder().filter((timer) => timer.due <= time);
}

export function forgetTimers() {
  timers.clear();
  order = undefined;
}

function inOrder() {
  order ??= [...timers.values()].sort((one, other) => one.due - other.due || one.id - other.id);
  return order;
}

function start(callback, pause, args, repeats) {
  if (typeof callback !== "function") {
    throw new TypeError("the callback of a timer is not a function");
  }
  needHost("a timer");
  return new Timeout(() => callback(...args), Number(pause), repeats);
}

export function setTimeout(callback, pause = 0, ...args) {
  return start(callback, pause, args, false);
}

export function setInterval(callback, pause = 0, ...args) {
  return start(callback, pause, args, true);
}

export function clearTimer(timer) {
  if (timers.delete(typeof timer === "object" ? timer?.id : Number(timer))) {
    order = undefined;
  }
}

export function setImmediate(callback, ...args) {
  const immediate = { cancelled: false };
  addTask(() => {
    if (!immediate.cancelled) {
      callback(...args);
    }
  });
  return immediate;
}

export function clearImmediate(immediate) {
  if (immediate) {
    immediate.cancelled = true;
  }
}
