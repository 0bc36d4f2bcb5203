// The source map of a bundle, reduced to one place for each line.

import path from "node:path";

import { decode } from "@jridgewell/sourcemap-codec";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Appends the reduced map to a bundle, for `guest/source-map.js`.
 *
 * Returns `{ code, map }`. In the map, modules below `ownFolder` begin with `bootstream:`.
 */
export function appendMap(code, { sources, mappings }, ownFolder) {
  const names = sources.map((source) => shownName(source, ownFolder));
  const lines = decode(mappings).map((segments) => segments.find((segment) => segment.length >= 4));
  const map = { sources: names, mappings: encodeLines(lines) };
  const text = `\nglobalThis[Symbol.for("bootstream.source-map")] = ${JSON.stringify(map)};\n`;
  return { code: code + text, map: { sources: names, lines } };
}

function shownName(source, ownFolder) {
  if (source.startsWith("bootstream:")) {
    return source;
  }
  const absolute = path.resolve(source);
  if (absolute.startsWith(ownFolder)) {
    return `bootstream:${absolute.slice(ownFolder.length)}`;
  }
  const parts = absolute.split(`${path.sep}node_modules${path.sep}`);
  return parts.length > 1 ? parts.at(-1) : path.relative(".", absolute);
}

/** Encodes source and line of each line as the differences to the line before, in the digits of source maps. */
function encodeLines(lines) {
  let lastSource = 0;
  let lastLine = 0;
  return lines
    .map((segment) => {
      if (segment === undefined) {
        return "";
      }
      const [, source, line] = segment;
      const text = encodeVlq(source - lastSource) + encodeVlq(line - lastLine);
      [lastSource, lastLine] = [source, line];
      return text;
    })
    .join(";");
}

function encodeVlq(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** Replaces the places of the bundle in a message by those of the sources. */
export function withSources(text, { sources, lines }) {
  return text.replace(/componentize-qjs:user\.js:(\d+)(?::\d+)?/g, (place, number) => {
    const segment = lines[Number(number) - 1];
    return segment === undefined ? place : `${sources[segment[1]]}:${segment[2] + 1}`;
  });
}
