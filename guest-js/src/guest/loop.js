// The event loop of one invocation: callbacks, tasks, timers, and what the host reports as ready.

import { now, subscribeDuration } from "wasj:clocks/monotonic-clock@0.2.9";
import { poll } from "wasj:io/poll@0.2.9";

import { drain, forget, takeUnhandled } from "./jobs.js";
import { dueTimers, forgetTimers, nextTimer } from "./timers.js";

/** Callbacks that run one by one, after the callbacks of promises. */
let tasks = [];
/** What waits for the host: `{ pollable, callback, ref }`. */
const waits = new Set();

/** Runs a callback in a turn of its own. */
export function addTask(callback) {
  tasks.push(callback);
}

/** Returns a promise for the next turn. Timers and I/O that are due run before it. */
export function nextTurn() {
  return new Promise((resolve) => addTask(resolve));
}

/**
 * Calls back when a pollable is ready. The caller disposes of the pollable.
 *
 * Returns a function that stops waiting.
 */
export function whenReady(pollable, callback) {
  const wait = { pollable, callback };
  waits.add(wait);
  return () => waits.delete(wait);
}

/** The time since some moment, in milliseconds. */
export function clock() {
  return now() / 1e6;
}

/**
 * Runs until `promise` is settled.
 *
 * Returns what it is fulfilled with. Throws what it is rejected with, an error that nobody catches, and an `Error` if
 * nothing is left that could settle it.
 */
export function runUntilSettled(promise) {
  let outcome;
  promise.then(
    (value) => (outcome = { value }),
    (reason) => (outcome = { reason }),
  );
  while (runCallbacks() && outcome === undefined) {
    if (!turn(() => true)) {
      throw new Error("the handler waits for a promise that nothing settles: no timer and no request is pending");
    }
  }
  if ("reason" in outcome) {
    throw outcome.reason;
  }
  return outcome.value;
}

/** Runs until no task, no timer and no request is pending. Throws an error that nobody catches. */
export function runUntilIdle() {
  while (runCallbacks() && turn((timer) => timer.hasRef()));
}

/** Forgets everything that is pending. */
export function stop() {
  tasks = [];
  waits.clear();
  forgetTimers();
  forget();
}

/** Runs the callbacks of promises. Returns `true`, or throws a rejection that nobody handles. */
export function runCallbacks() {
  drain();
  const unhandled = takeUnhandled();
  if (unhandled !== undefined) {
    throw unhandled.reason;
  }
  return true;
}

/** Runs what is due, or waits for it. Returns whether there was anything, other than timers that do not count. */
function turn(counts) {
  const timer = nextTimer(counts);
  if (tasks.length === 0 && waits.size === 0 && timer === undefined) {
    return false;
  }
  if (tasks.length > 0) {
    checkWaits();
  } else {
    waitForHost();
  }
  runTimers();
  const [task] = tasks.splice(0, 1);
  task?.();
  return true;
}

/** Calls back what is ready, without waiting. */
function checkWaits() {
  for (const wait of [...waits]) {
    if (wait.pollable.ready()) {
      finish(wait);
    }
  }
}

function finish(wait) {
  if (waits.delete(wait)) {
    wait.callback();
  }
}

function runTimers() {
  const timers = nextTimer(() => true) === undefined ? [] : dueTimers(clock());
  for (const timer of timers) {
    timer.fire();
    runCallbacks();
  }
}

/** Waits for the first timer or pollable. */
function waitForHost() {
  const timer = nextTimer(() => true);
  const pause = timer === undefined ? undefined : Math.max(0, timer.due - clock());
  const alarm = pause === undefined ? undefined : subscribeDuration(Math.ceil(pause * 1e6));
  const waiting = [...waits];
  try {
    if (waiting.length === 0) {
      alarm.block();
      return;
    }
    const pollables = waiting.map((wait) => wait.pollable);
    const indexes = poll(alarm === undefined ? pollables : [...pollables, alarm]);
    for (const index of indexes) {
      if (index < waiting.length) {
        finish(waiting[index]);
      }
    }
  } finally {
    alarm?.[Symbol.dispose]();
  }
}
