// The globals that the packages behind the other ones use.

import "./combinators.js";

import { console } from "./console.js";
import { crypto, random } from "./crypto.js";
import { define } from "./define.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { enqueue } from "./jobs.js";
import { ownPerformance } from "./performance.js";
import { process } from "./process.js";
import { Promise } from "./promise.js";
import { CryptoKey } from "./subtle.js";
import { clearImmediate, clearTimer, setImmediate, setInterval, setTimeout } from "./timers.js";

function queueMicrotask(callback) {
  if (typeof callback !== "function") {
    throw new TypeError("the callback of `queueMicrotask` is not a function");
  }
  enqueue(() => callback());
}

define({
  CryptoKey, Promise, TextDecoder, TextEncoder,
  clearImmediate, clearInterval: clearTimer, clearTimeout: clearTimer,
  console, crypto, global: globalThis, performance: ownPerformance, process, queueMicrotask,
  self: globalThis, setImmediate, setInterval, setTimeout,
});
Math.random = random;
