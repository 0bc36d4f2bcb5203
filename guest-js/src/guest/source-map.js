// Stack traces that name the sources. `build/source-map.js` appends the map to the bundle.

const MAP = Symbol.for("bootstream.source-map");

/** A place in the handler's bundle. */
const PLACE = /\(?\/handler\.js:(\d+)(?::\d+)?\)?/;

/** A frame of this package, or of the generators of `async` functions. */
const INTERNAL = /^\s+at .*(\/(core|globals|entry|chunk-\w+)\.js:\d+|\b(next|call|apply|throw) \(native\)$)/;

/** Returns the source and the line of a line of the bundle, or `undefined` if stack traces leave it out. */
function placeOf(number) {
  const { sources, runs } = globalThis[MAP] ?? { sources: [], runs: [1, -1, 0] };
  let low = 0;
  let high = runs.length / 3;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (runs[middle * 3] <= number) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const [first, source, line] = runs.slice(low * 3, low * 3 + 3);
  return sources[source] === undefined ? undefined : `${sources[source]}:${line + number - first}`;
}

/** Returns text in which the stack traces name the sources, without the frames of this package. */
export function withSources(text) {
  if (!text.includes(".js:")) {
    return text;
  }
  return text
    .split("\n")
    .filter((line) => !INTERNAL.test(line))
    .map(mapLine)
    .filter((line) => line !== undefined)
    .join("\n");
}

function mapLine(line) {
  const place = PLACE.exec(line);
  if (place === null) {
    return line;
  }
  const mapped = placeOf(Number(place[1]));
  if (mapped === undefined) {
    return /^\s+at /.test(line) ? undefined : line;
  }
  return `${line.slice(0, place.index)}(${mapped})${line.slice(place.index + place[0].length)}`;
}
