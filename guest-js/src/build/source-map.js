// The source map of a bundle, reduced to lines.

import path from "node:path";

import { decode } from "@jridgewell/sourcemap-codec";

/** The source of lines that stack traces leave out. */
const HIDDEN = -1;

/**
 * Appends the reduced map to the handler's bundle, for `guest/source-map.js`.
 *
 * The map has runs of three numbers each: a line of the bundle, counted from 1, the index of its source, and the line
 * there. The lines that follow, up to the next run, follow there as well.
 */
export function appendMap(code, { sources, mappings }) {
  const map = { sources: sources.map(shownName), runs: [1, HIDDEN, 0] };
  let expected = `${HIDDEN} 0`;
  decode(mappings).forEach((segments, index) => {
    const segment = segments.find(({ length }) => length >= 4);
    const source = segment === undefined ? HIDDEN : segment[1];
    const line = source === HIDDEN ? 0 : segment[2] + 1;
    if (`${source} ${line}` !== expected) {
      map.runs.push(index + 1, source, line);
    }
    expected = source === HIDDEN ? `${HIDDEN} 0` : `${source} ${line + 1}`;
  });
  return { code: `${code}\nglobalThis[Symbol.for("bootstream.source-map")] = ${JSON.stringify(map)};\n`, map };
}

/** Returns a source as stack traces name it: relative to the project, or to `node_modules`. */
function shownName(source) {
  const [, ...inPackages] = path.resolve(source).split(`${path.sep}node_modules${path.sep}`);
  return inPackages.at(-1) ?? path.relative(".", source);
}

/** Replaces the places of the bundle in a message by those of the sources. */
export function withSources(text, { sources, runs }) {
  return text.replace(/\/?handler\.js:(\d+)(?::\d+)?/g, (place, number) => {
    let found = 0;
    while (runs[found + 3] <= Number(number)) {
      found += 3;
    }
    const [first, source, line] = runs.slice(found, found + 3);
    return source === HIDDEN ? place : `${sources[source]}:${line + Number(number) - first}`;
  });
}
