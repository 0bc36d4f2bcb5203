// Promises with a queue of our own.
//
// The runtime never runs the engine's jobs while `handle` is running, so `await` on the engine's promises would wait
// forever. The build turns `async` functions into generators that use the global `Promise`, which is this one.

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** Callbacks to run before anything else, in order. */
let queue = [];
/** Rejected promises that nobody has handled yet, with their reasons. */
const unhandled = new Map();

/** Runs a callback after the current code, before timers and I/O. */
export function enqueue(job) {
  queue.push(job);
}

/** Runs all callbacks, and those that they add. What one throws ends the run. */
export function drain() {
  while (queue.length > 0) {
    const jobs = queue;
    queue = [];
    for (let at = 0; at < jobs.length; at += 1) {
      try {
        jobs[at]();
      } catch (error) {
        queue = jobs.slice(at + 1).concat(queue);
        throw error;
      }
    }
  }
}

/** Returns whether callbacks wait. */
export function hasJobs() {
  return queue.length > 0;
}

/** Returns the oldest rejection that nobody handles, as `{ reason }`, and forgets all. */
export function takeUnhandled() {
  for (const reason of unhandled.values()) {
    unhandled.clear();
    return { reason };
  }
  return undefined;
}

/** Forgets callbacks and rejections, at the end of an invocation. */
export function forget() {
  queue = [];
  unhandled.clear();
}

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
function capability(Class) {
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

/** Runs `start` with the capability of a class, and rejects with what it throws. */
function collect(Class, iterable, start) {
  const made = capability(Class);
  try {
    const resolve = Class.resolve;
    if (typeof resolve !== "function") {
      throw new TypeError("`resolve` is not a function");
    }
    start(made, (value) => resolve.call(Class, value), iterable);
  } catch (error) {
    made.reject(error);
  }
  return made.promise;
}

/** Calls `each` with every value, and `done` when all that it counts have been counted down. */
function countDown(iterable, each, done) {
  let left = 1;
  let index = 0;
  const less = () => {
    left -= 1;
    if (left === 0) {
      done();
    }
  };
  for (const value of iterable) {
    left += 1;
    each(value, index, less);
    index += 1;
  }
  less();
}

function once(callback) {
  let called = false;
  return (value) => {
    if (!called) {
      called = true;
      callback(value);
    }
  };
}

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

  static all(iterable) {
    return collect(this, iterable, ({ resolve, reject }, promised) => {
      const values = [];
      countDown(
        iterable,
        (value, index, less) => {
          values.push(undefined);
          const fulfilled = once((result) => {
            values[index] = result;
            less();
          });
          promised(value).then(fulfilled, reject);
        },
        () => resolve(values),
      );
    });
  }

  static allSettled(iterable) {
    return collect(this, iterable, ({ resolve }, promised) => {
      const outcomes = [];
      countDown(
        iterable,
        (value, index, less) => {
          outcomes.push(undefined);
          const settled = once((outcome) => {
            outcomes[index] = outcome;
            less();
          });
          promised(value).then(
            (result) => settled({ status: "fulfilled", value: result }),
            (reason) => settled({ status: "rejected", reason }),
          );
        },
        () => resolve(outcomes),
      );
    });
  }

  static any(iterable) {
    return collect(this, iterable, ({ resolve, reject }, promised) => {
      const errors = [];
      countDown(
        iterable,
        (value, index, less) => {
          errors.push(undefined);
          const rejected = once((reason) => {
            errors[index] = reason;
            less();
          });
          promised(value).then(resolve, rejected);
        },
        () => reject(new AggregateError(errors, "every promise was rejected")),
      );
    });
  }

  static race(iterable) {
    return collect(this, iterable, ({ resolve, reject }, promised) => {
      for (const value of iterable) {
        promised(value).then(resolve, reject);
      }
    });
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

/** Marks a promise as handled: its rejection is no failure of the handler. */
export function ignoreRejection(promise) {
  promise.then(undefined, nothing);
  return promise;
}
