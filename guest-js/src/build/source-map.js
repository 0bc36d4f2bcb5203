// The source map of a bundle, reduced to lines.

import path from "node:path";

import { decode } from "@jridgewell/sourcemap-codec";

/** The source of lines that stack traces leave out. */
const HIDDEN = -1;

/**
 * Appends the reduced map to a bundle, for `guest/source-map.js`.
 *
 * The map has runs of three numbers each: a line of the bundle, counted from 1, the index of its source, and the line
 * there. The lines that follow, up to the next run, follow there as well. Lines of this package and of those that its
 * globals come from are hidden.
 */
export function appendMap(code, { sources, mappings }, ownFolder) {
  const folder = path.dirname(ownFolder);
  const map = { sources: sources.map((source) => shownName(source, folder)), runs: [] };
  let expected = "";
  decode(mappings).forEach((segments, index) => {
    const segment = segments.find(({ length }) => length >= 4);
    const source = segment === undefined || map.sources[segment[1]] === undefined ? HIDDEN : segment[1];
    const line = source === HIDDEN ? 0 : segment[2] + 1;
    if (`${source} ${line}` !== expected) {
      map.runs.push(index + 1, source, line);
    }
    expected = source === HIDDEN ? `${HIDDEN} 0` : `${source} ${line + 1}`;
  });
  return { code: `${code}\nglobalThis[Symbol.for("bootstream.source-map")] = ${JSON.stringify(map)};\n`, map };
}

/** Returns a source as stack traces name it, or `undefined` to leave it out. */
function shownName(source, packageFolder) {
  const absolute = path.resolve(source);
  if (source === "bootstream:entry" || isBelow(absolute, path.join(packageFolder, "src"))) {
    return undefined;
  }
  const [first, ...inPackages] = absolute.split(`${path.sep}node_modules${path.sep}`);
  const name = inPackages.at(-1);
  if (name !== undefined) {
    return first === packageFolder || /^(core-js|web-streams-polyfill)[\\/]/.test(name) ? undefined : name;
  }
  return path.relative(".", absolute);
}

function isBelow(file, folder) {
  return file.startsWith(folder + path.sep);
}

/** Replaces the places of the bundle in a message by those of the sources. */
export function withSources(text, { sources, runs }) {
  return text.replace(/componentize-qjs:user\.js:(\d+)(?::\d+)?/g, (place, number) => {
    let found = 0;
    while (runs[found + 3] <= Number(number)) {
      found += 3;
    }
    const [first, source, line] = runs.slice(found, found + 3);
    return source === HIDDEN ? place : `${sources[source]}:${line + Number(number) - first}`;
  });
}
