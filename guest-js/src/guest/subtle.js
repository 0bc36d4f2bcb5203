// `crypto.subtle`: digests and HMAC, of which signatures of webhooks are made.

import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";

import { describe, toBytes } from "../chunks.js";

const HASHES = new Map([["SHA-1", sha1], ["SHA-256", sha256], ["SHA-384", sha384], ["SHA-512", sha512]]);
const USAGES = ["sign", "verify"];
/** What the web platform has beside. */
const MISSING = [
  "decapsulateBits", "decapsulateKey", "decrypt", "deriveBits", "deriveKey", "encapsulateBits", "encapsulateKey",
  "encrypt", "unwrapKey", "wrapKey",
];

/** The secret of each key. */
const secrets = new WeakMap();

/** A key for HMAC. */
export class CryptoKey {
  constructor(token, { hash, secret, extractable, usages }) {
    if (token !== secrets) {
      throw new TypeError("a `CryptoKey` is made by `crypto.subtle`");
    }
    secrets.set(this, secret);
    this.type = "secret";
    this.extractable = Boolean(extractable);
    this.algorithm = { name: "HMAC", hash: { name: hash }, length: secret.length * 8 };
    this.usages = USAGES.filter((usage) => usages.includes(usage));
    Object.freeze(this);
  }
}

function makeKey({ usages, ...fields }) {
  const unknown = Array.from(usages).find((usage) => !USAGES.includes(usage));
  if (unknown !== undefined) {
    throw new DOMException(`a key for HMAC can \`sign\` and \`verify\`, not \`${unknown}\``, "SyntaxError");
  }
  if (usages.length === 0) {
    throw new DOMException("a key needs a usage: `sign`, `verify` or both", "SyntaxError");
  }
  return new CryptoKey(secrets, { ...fields, usages });
}

/** The name of an algorithm, in the case in which `names` has it. */
function named(algorithm, names, call) {
  const name = String(typeof algorithm === "string" ? algorithm : algorithm?.name);
  const known = names.find((one) => one === name.toUpperCase());
  if (known === undefined) {
    throw new DOMException(`\`crypto.subtle.${call}\` has ${names.join(", ")}, not \`${name}\``, "NotSupportedError");
  }
  return known;
}

function hashOf(algorithm, call) {
  return named(algorithm, [...HASHES.keys()], call);
}

function isForHmac(algorithm, call) {
  named(algorithm, ["HMAC"], call);
}

/** The bytes of a `BufferSource` as they are now. */
function bytesOf(source) {
  if (!(source instanceof ArrayBuffer) && !ArrayBuffer.isView(source)) {
    throw new TypeError(`\`crypto.subtle\` takes an \`ArrayBuffer\` or a view of one, not ${describe(source)}`);
  }
  return toBytes(source);
}

async function digest(algorithm, data) {
  return HASHES.get(hashOf(algorithm, "digest"))(bytesOf(data)).slice().buffer;
}

async function generateKey(algorithm, extractable, usages) {
  isForHmac(algorithm, "generateKey");
  const hash = hashOf(algorithm.hash, "generateKey");
  const bits = algorithm.length ?? HASHES.get(hash).blockLen * 8;
  const secret = crypto.getRandomValues(new Uint8Array(wholeBytes(bits)));
  return makeKey({ hash, secret, extractable, usages });
}

async function importKey(format, data, algorithm, extractable, usages) {
  isForHmac(algorithm, "importKey");
  const hash = hashOf(algorithm.hash, "importKey");
  const secret = secretOf(format, data);
  if (secret.length === 0) {
    throw new DOMException("a key for HMAC has at least one byte", "DataError");
  }
  if (algorithm.length !== undefined && wholeBytes(algorithm.length) !== secret.length) {
    throw new DOMException(`the key has ${secret.length * 8} bits, not ${algorithm.length}`, "DataError");
  }
  return makeKey({ hash, secret, extractable, usages });
}

function secretOf(format, data) {
  if (format === "raw") {
    return bytesOf(data).slice();
  }
  if (format === "jwk") {
    if (data?.kty !== "oct" || typeof data.k !== "string") {
      throw new DOMException("a JSON Web Key for HMAC has `kty: \"oct\"` and `k`", "DataError");
    }
    return fromBase64Url(data.k);
  }
  throw new DOMException(`a key for HMAC comes as \`raw\` or \`jwk\`, not \`${format}\``, "NotSupportedError");
}

function fromBase64Url(text) {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    throw new DOMException("the `k` of the JSON Web Key is not Base64url", "DataError");
  }
}

function wholeBytes(bits) {
  if (!Number.isInteger(bits) || bits < 8 || bits % 8 !== 0) {
    throw new DOMException(`a key for HMAC has whole bytes, not ${bits} bits`, "NotSupportedError");
  }
  return bits / 8;
}

async function exportKey(format, key) {
  if (!key.extractable) {
    throw new DOMException("the key is not extractable", "InvalidAccessError");
  }
  const secret = secrets.get(key);
  if (format === "raw") {
    return secret.slice().buffer;
  }
  if (format === "jwk") {
    const k = secret.toBase64({ alphabet: "base64url", omitPadding: true });
    const alg = key.algorithm.hash.name.replace("SHA-", "HS");
    return { kty: "oct", k, alg, ext: true, key_ops: [...key.usages] };
  }
  throw new DOMException(`a key for HMAC leaves as \`raw\` or \`jwk\`, not \`${format}\``, "NotSupportedError");
}

function signature(algorithm, key, data, usage) {
  isForHmac(algorithm, usage);
  if (!(key instanceof CryptoKey)) {
    throw new TypeError(`\`crypto.subtle.${usage}\` takes a \`CryptoKey\`, not ${describe(key)}`);
  }
  if (!key.usages.includes(usage)) {
    throw new DOMException(`the key is not for \`${usage}\``, "InvalidAccessError");
  }
  return hmac(HASHES.get(key.algorithm.hash.name), secrets.get(key), bytesOf(data));
}

async function sign(algorithm, key, data) {
  return signature(algorithm, key, data, "sign").slice().buffer;
}

async function verify(algorithm, key, given, data) {
  const expected = signature(algorithm, key, data, "verify");
  const bytes = bytesOf(given);
  if (bytes.length !== expected.length) {
    return false;
  }
  // Takes the same time wherever they differ.
  return expected.reduce((difference, byte, at) => difference | (byte ^ bytes[at]), 0) === 0;
}

function missing(call) {
  return async () => {
    throw new DOMException(`\`crypto.subtle.${call}\` is missing: it has digests and HMAC`, "NotSupportedError");
  };
}

export const subtle = Object.freeze({
  ...Object.fromEntries(MISSING.map((call) => [call, missing(call)])),
  digest, exportKey, generateKey, importKey, sign, verify,
});
