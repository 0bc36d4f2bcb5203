// `Promise.all` and the others that combine promises.

import { capability, Promise } from "./promise.js";

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

/** The static methods, for a class of promises as `this`. */
const combinators = {
  all(iterable) {
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
  },

  allSettled(iterable) {
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
  },

  any(iterable) {
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
  },

  race(iterable) {
    return collect(this, iterable, ({ resolve, reject }, promised) => {
      for (const value of iterable) {
        promised(value).then(resolve, reject);
      }
    });
  },
};

for (const [name, value] of Object.entries(combinators)) {
  Object.defineProperty(Promise, name, { value, writable: true, configurable: true });
}
