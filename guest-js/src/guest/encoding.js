// `TextEncoder` and `TextDecoder`. Only native functions of the engine touch single characters: its loops are slow.

/** The most characters or bytes of one conversion, whose intermediate texts are several times as large. */
const PIECE = 64 * 1024;

/** Returns the bytes of well-formed text in UTF-8. */
function encodeUtf8(text) {
  const pieces = [];
  for (let at = 0; at < text.length; ) {
    let end = at + PIECE;
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) {
      end -= 1;
    }
    // Each character of the text in between is a byte.
    pieces.push(Uint8Array.fromBase64(btoa(unescape(encodeURIComponent(text.slice(at, end))))));
    at = end;
  }
  return pieces.length === 1 ? pieces[0] : joinAll(pieces);
}

function joinAll(pieces) {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return encodeUtf8(String(text).toWellFormed());
  }

  encodeInto(text, target) {
    const source = String(text).toWellFormed();
    let read = source.length;
    let bytes = this.encode(source);
    while (bytes.length > target.length) {
      // Each unit of UTF-16 takes at most three bytes.
      const excess = Math.max(1, Math.floor((bytes.length - target.length) / 3));
      read -= excess;
      if (read > 0 && isHighSurrogate(source.charCodeAt(read - 1))) {
        read -= 1;
      }
      bytes = this.encode(source.slice(0, read));
    }
    target.set(bytes);
    return { read, written: bytes.length };
  }
}

function isHighSurrogate(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

const UTF8_LABELS = ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"];
const UTF16_LABELS = ["utf-16le", "utf-16", "ucs-2", "unicode", "iso-10646-ucs-2", "csunicode", "unicodefeff"];
const LATIN1_LABELS = ["latin1", "iso-8859-1", "iso8859-1", "ascii", "us-ascii", "windows-1252", "l1"];

function encodingOf(label) {
  const name = String(label).trim().toLowerCase();
  if (UTF8_LABELS.includes(name)) {
    return "utf-8";
  }
  if (UTF16_LABELS.includes(name)) {
    return "utf-16le";
  }
  if (LATIN1_LABELS.includes(name)) {
    return "windows-1252";
  }
  throw new RangeError(`the encoding \`${label}\` is not supported: utf-8, utf-16le and windows-1252 are`);
}

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #rest = new Uint8Array(0);
  /** Whether a byte-order mark may follow. */
  #start = true;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    this.#encoding = encodingOf(label);
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input, { stream = false } = {}) {
    const bytes = joined(this.#rest, viewOf(input));
    const length = stream ? completeLength(bytes, this.#encoding) : bytes.length;
    this.#rest = bytes.slice(length);
    let text = this.#decodeAll(bytes.subarray(0, length));
    if (this.#start && !this.#ignoreBOM && text.startsWith("\ufeff")) {
      text = text.slice(1);
    }
    this.#start = stream ? this.#start && length === 0 : true;
    return text;
  }

  #decodeAll(bytes) {
    if (this.#encoding === "utf-8") {
      return decodeUtf8(bytes, this.#fatal);
    }
    if (this.#encoding === "windows-1252") {
      return atob(bytes.toBase64()).replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 128]);
    }
    return decodeUtf16(bytes, this.#fatal);
  }
}

// The characters 0x80 to 0x9f, from https://encoding.spec.whatwg.org/index-windows-1252.txt.
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function viewOf(input) {
  if (input === undefined) {
    return new Uint8Array(0);
  }
  if (input instanceof ArrayBuffer || input instanceof SharedArrayBuffer) {
    return new Uint8Array(input);
  }
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  throw new TypeError("`decode` takes an `ArrayBuffer` or a view of one");
}

function joined(one, other) {
  return one.length === 0 ? other : joinAll([one, other]);
}

/** Returns the length without a character that is cut off at the end. */
function completeLength(bytes, encoding) {
  const { length } = bytes;
  if (encoding === "utf-16le") {
    const even = length & ~1;
    return even >= 2 && isHighSurrogate(bytes[even - 2] | (bytes[even - 1] << 8)) ? even - 2 : even;
  }
  if (encoding !== "utf-8") {
    return length;
  }
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back];
    if ((byte & 0xc0) === 0x80) {
      continue;
    }
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return wanted > back ? length - back : length;
  }
  return length;
}

function decodeUtf8(bytes, fatal) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + PIECE);
    const isLast = at + PIECE >= bytes.length;
    const length = isLast ? piece.length : completeLength(piece, "utf-8");
    text += decodePiece(piece.subarray(0, length), fatal);
    at += length;
  }
  return text;
}

function decodePiece(bytes, fatal) {
  const binary = atob(bytes.toBase64());
  if (isAscii(bytes)) {
    return binary;
  }
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    if (fatal) {
      throw new TypeError("the bytes are not UTF-8");
    }
    return decodeLossy(bytes);
  }
}

/** Returns whether bytes are ASCII, of which `escape` makes a text three times as long. */
function isAscii(bytes) {
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const count = Math.floor(bytes.length / 16) * 4;
  const words = new Uint32Array(buffer, byteOffset, count);
  for (let at = 0; at < count; at += 4) {
    if ((words[at] | words[at + 1] | words[at + 2] | words[at + 3]) & 0x80808080) {
      return false;
    }
  }
  return bytes.subarray(count * 4).every((byte) => byte < 0x80);
}

/** Decodes UTF-8 and replaces each maximal invalid part, as the encoding standard says. */
function decodeLossy(bytes) {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const { size, valid } = sequenceAt(bytes, at);
    if (valid) {
      // One call for each character is slow, but such bytes are rare.
      text += decodeURIComponent(escape(String.fromCharCode(...bytes.subarray(at, at + size))));
    } else {
      text += "\ufffd";
    }
    at += size;
  }
  return text;
}

/** Returns the size of the sequence at an offset, or of the invalid part, in bytes. */
function sequenceAt(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) {
    return { size: 1, valid: true };
  }
  const wanted = first >= 0xc2 && first <= 0xdf ? 2 : (first & 0xf0) === 0xe0 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (wanted === 0) {
    return { size: 1, valid: false };
  }
  let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let size = 1; size < wanted; size += 1) {
    const next = bytes[at + size];
    if (next === undefined || next < low || next > high) {
      return { size, valid: false };
    }
    low = 0x80;
    high = 0xbf;
  }
  return { size: wanted, valid: true };
}

function decodeUtf16(bytes, fatal) {
  let text = "";
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) {
    text += String.fromCharCode(bytes[at] | (bytes[at + 1] << 8));
  }
  if (fatal && (even !== bytes.length || !text.isWellFormed())) {
    throw new TypeError("the bytes are not UTF-16");
  }
  return text.toWellFormed() + (even === bytes.length ? "" : "\ufffd");
}
