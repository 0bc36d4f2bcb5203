// `crypto`, and a `Math.random` that differs in each instance.

import { getRandomBytes } from "wasj:random/random@0.2.9";

import { isHandling, needHost } from "./phase.js";
import { subtle } from "./subtle.js";

/** The most bytes of one call of `getRandomValues`, as on the web. */
const MOST_BYTES = 65_536;

/** Views of integers. */
const INTEGERS = [
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array,
  BigUint64Array,
];

function randomBytes(size) {
  needHost("randomness");
  return getRandomBytes(size);
}

function getRandomValues(array) {
  if (!INTEGERS.some((Class) => array instanceof Class)) {
    throw new DOMException("`getRandomValues` takes an array of integers", "TypeMismatchError");
  }
  if (array.byteLength > MOST_BYTES) {
    throw new DOMException(
      `${array.byteLength} random bytes are more than the ${MOST_BYTES} of one call`,
      "QuotaExceededError",
    );
  }
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
  return array;
}

function randomUUID() {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const crypto = Object.freeze({ getRandomValues, randomUUID, subtle });

const randomAtBuild = Math.random;
/** The state of the generator. The engine's own is part of the component, and so the same in each instance. */
let state;

/** A number from 0 to 1 of the generator `sfc32`, seeded by the host. */
export function random() {
  if (!isHandling()) {
    return randomAtBuild();
  }
  state ??= new Uint32Array(getRandomBytes(16).slice().buffer);
  return (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
}

function next() {
  const [a, b, c, counter] = state;
  const sum = (a + b + counter) >>> 0;
  state[0] = b ^ (b >>> 9);
  state[1] = c + (c << 3);
  state[2] = ((c << 21) | (c >>> 11)) + sum;
  state[3] = counter + 1;
  return sum;
}
