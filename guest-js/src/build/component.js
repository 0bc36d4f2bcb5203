// The component of a bundle.

import { fileURLToPath } from "node:url";

import { componentize } from "componentize-qjs";

import { BuildError } from "./error.js";
import { withSources } from "./source-map.js";

const WIT = fileURLToPath(new URL("../../wit", import.meta.url));

/**
 * Returns the component of a bundle, after its top level has run.
 *
 * Throws a `BuildError` with what a module throws at its top level.
 */
export async function makeComponent({ code, map }) {
  try {
    const { component } = await componentize({ witPath: WIT, world: "guest", jsSource: code, sync: true });
    return asWasi(component);
  } catch (error) {
    const message = error.message.replace(/^[:\s]+/, "").trimEnd();
    throw new BuildError(`the component cannot be made: ${withSources(message, map)}`);
  }
}

const OURS = Buffer.from("wasj:");

/**
 * Gives the imports of WASI their names.
 *
 * componentize-qjs runs the module with its own implementation of some interfaces of WASI and with traps for the
 * others, and cannot combine the two if they share resources. So the WIT files call the package `wasj`, which is
 * unknown to it as a whole. The names have the same length.
 */
function asWasi(component) {
  const bytes = Buffer.from(component);
  for (let at = bytes.indexOf(OURS); at >= 0; at = bytes.indexOf(OURS, at)) {
    bytes.write("wasi:", at, "latin1");
  }
  return bytes;
}
