// Stack traces that name the sources. The build appends the map to the bundle, with one entry for each line.

const MAP = Symbol.for("bootstream.source-map");
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A place in the bundle, under the name that componentize-qjs gives it. */
const PLACE = /\(?componentize-qjs:user\.js:(\d+)(?::\d+)?\)?/;

let decoded;

/** Returns `[source, line]` for each line of the bundle, or nothing for a line without a source. */
function lines() {
  if (decoded === undefined) {
    const map = globalThis[MAP];
    decoded = map === undefined ? [] : decode(map);
  }
  return decoded;
}

function decode({ sources, mappings }) {
  let source = 0;
  let line = 0;
  return mappings.split(";").map((entry) => {
    if (entry === "") {
      return undefined;
    }
    const [sourceDelta, lineDelta] = decodeVlq(entry);
    source += sourceDelta;
    line += lineDelta;
    return [sources[source], line + 1];
  });
}

/** Decodes the numbers of source maps: digits of five bits, and the sign in the last bit. */
function decodeVlq(text) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) === 0) {
      numbers.push(value & 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return numbers;
}

/** Returns text in which the stack traces name the sources, without the frames of this package. */
export function withSources(text) {
  if (!PLACE.test(text)) {
    return text;
  }
  return text
    .split("\n")
    .map(mapLine)
    .filter((line) => line !== undefined)
    .join("\n");
}

function mapLine(line) {
  const place = PLACE.exec(line);
  if (place === null) {
    // The generators of `async` functions.
    return /^\s+at (next|call|apply|throw) \(native\)$/.test(line) ? undefined : line;
  }
  const mapped = lines()[Number(place[1]) - 1];
  const isFrame = /^\s+at /.test(line);
  if (mapped === undefined || mapped[0].startsWith("bootstream:")) {
    return isFrame ? undefined : line;
  }
  const shown = `(${mapped[0]}:${mapped[1]})`;
  return line.slice(0, place.index) + shown + line.slice(place.index + place[0].length);
}
