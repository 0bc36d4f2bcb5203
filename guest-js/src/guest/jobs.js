// The callbacks of promises, and the rejections that nobody handles.

/** Callbacks to run before anything else, in order. */
let queue = [];
/** Rejected promises that nobody has handled yet, with their reasons. */
export const unhandled = new Map();

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
