// Promises with a queue of our own.
//
// The runtime never runs the engine's jobs while `handle` is running, so `await` on the engine's promises would wait
// forever. The build turns `async` functions into generators that use the global `Promise`, which is this one.

import { enqueue, unhandled } from "./jobs.js";

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** Returns the functions that settle a promise. Only the first call of either counts. */
function settlers(promise) {
  let called = false;
  return {
    resolve(value) {
      if (!called) {
        called = true;
        resolvePromise(promise, value);
      }
    },
    reject(reason) {
      if (!called) {
        called = true;
        settle(promise, REJECTED, reason);
      }
    },
  };
}

function resolvePromise(promise, value) {
  if (value === promise) {
    settle(promise, REJECTED, new TypeError("a promise cannot be resolved with itself"));
    return;
  }
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    settle(promise, FULFILLED, value);
    return;
  }
  let then;
  try {
    then = value.then;
  } catch (error) {
    settle(promise, REJECTED, error);
    return;
  }
  if (typeof then !== "function") {
    settle(promise, FULFILLED, value);
    return;
  }
  enqueue(() => {
    const { resolve, reject } = settlers(promise);
    try {
      then.call(value, resolve, reject);
    } catch (error) {
      reject(error);
    }
  });
}

/** Sets the state and the value of a promise. The class provides it. */
let settle;

function enqueueReaction(reaction, state, value) {
  enqueue(() => {
    const callback = state === FULFILLED ? reaction.onFulfilled : reaction.onRejected;
    if (callback === undefined) {
      if (state === FULFILLED) {
        reaction.resolve(value);
      } else {
        reaction.reject(value);
      }
      return;
    }
    let result;
    try {
      result = callback(value);
    } catch (error) {
      reaction.reject(error);
      return;
    }
    reaction.resolve(result);
  });
}

/** Returns a promise of a class, with the functions that settle it. */
export function capability(Class) {
  if (Class === Promise) {
    const promise = new Promise(nothing);
    const { resolve, reject } = settlers(promise);
    return { promise, resolve, reject };
  }
  if (typeof Class !== "function") {
    throw new TypeError("the receiver is not a constructor of promises");
  }
  const made = {};
  made.promise = new Class((resolve, reject) => {
    if (made.resolve !== undefined || made.reject !== undefined) {
      throw new TypeError("the executor was called twice");
    }
    made.resolve = resolve;
    made.reject = reject;
  });
  if (typeof made.resolve !== "function" || typeof made.reject !== "function") {
    throw new TypeError("the executor got no functions");
  }
  return made;
}

function nothing() {}

export class Promise {
  #state = PENDING;
  #value = undefined;
  #reactions = [];
  #handled = false;

  static {
    settle = (promise, state, value) => promise.#settle(state, value);
  }

  #settle(state, value) {
    const reactions = this.#reactions;
    this.#state = state;
    this.#value = value;
    this.#reactions = undefined;
    if (state === REJECTED && !this.#handled) {
      unhandled.set(this, value);
    }
    for (const reaction of reactions) {
      enqueueReaction(reaction, state, value);
    }
  }

  constructor(executor) {
    if (typeof executor !== "function") {
      throw new TypeError("the executor of a promise is not a function");
    }
    if (executor === nothing) {
      return;
    }
    const { resolve, reject } = settlers(this);
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  then(onFulfilled, onRejected) {
    if (!(typeof this === "object" && this !== null && #state in this)) {
      throw new TypeError("the receiver of `then` is not a promise");
    }
    const species = this.constructor === Promise ? Promise : speciesOf(this);
    const made = capability(species);
    const reaction = {
      onFulfilled: typeof onFulfilled === "function" ? onFulfilled : undefined,
      onRejected: typeof onRejected === "function" ? onRejected : undefined,
      resolve: made.resolve,
      reject: made.reject,
    };
    if (!this.#handled) {
      this.#handled = true;
      unhandled.delete(this);
    }
    if (this.#state === PENDING) {
      this.#reactions.push(reaction);
    } else {
      enqueueReaction(reaction, this.#state, this.#value);
    }
    return made.promise;
  }

  catch(onRejected) {
    return this.then(undefined, onRejected);
  }

  finally(callback) {
    if (typeof callback !== "function") {
      return this.then(callback, callback);
    }
    const Class = speciesOf(this);
    return this.then(
      (value) => Class.resolve(callback()).then(() => value),
      (reason) =>
        Class.resolve(callback()).then(() => {
          throw reason;
        }),
    );
  }

  static get [Symbol.species]() {
    return this;
  }

  static resolve(value) {
    if (value instanceof Promise && value.constructor === this) {
      return value;
    }
    const made = capability(this);
    made.resolve(value);
    return made.promise;
  }

  static reject(reason) {
    const made = capability(this);
    made.reject(reason);
    return made.promise;
  }

  static withResolvers() {
    const { promise, resolve, reject } = capability(this);
    return { promise, resolve, reject };
  }

  static try(callback, ...args) {
    return new this((resolve) => resolve(callback(...args)));
  }
}

Object.defineProperty(Promise.prototype, Symbol.toStringTag, { value: "Promise", configurable: true });

function speciesOf(promise) {
  const Class = promise.constructor;
  if (Class === undefined) {
    return Promise;
  }
  return Class[Symbol.species] ?? Promise;
}

/** Marks a promise as handled: its rejection does not fail the handler. */
export function ignoreRejection(promise) {
  promise.then(undefined, nothing);
  return promise;
}
