// Globals that handlers know from elsewhere, and what to use instead. They are not defined, so that `typeof` tells.

const ADVICE = {
  Buffer: "it is of Node.js: use `Uint8Array`, `TextEncoder` and `TextDecoder`, or the package `buffer`",
  EventSource: "read the body of `fetch` with `readEvents`",
  Intl: "QuickJS has no data of languages and regions: use a package that brings its own",
  Temporal: "use `Date`, or the package `temporal-polyfill`",
  WebAssembly: "a component cannot compile modules",
  WebSocket: "only `fetch` reaches other hosts",
  Worker: "a component has one thread",
  XMLHttpRequest: "use `fetch`",
  __dirname: "a component has no files of its own: import data as JSON",
  require: "it is of Node.js: use `import`",
};

/** Returns the message of a `ReferenceError`, with what to do if it is about one of these globals. */
export function withAdvice(message) {
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  return Object.hasOwn(ADVICE, name ?? "") ? `${message}: ${ADVICE[name]}` : message;
}
