// The component of a bundle.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { componentize } from "componentize-qjs";

import { BuildError } from "./error.js";
import { withSources } from "./source-map.js";

const WIT = fileURLToPath(new URL("../../wit", import.meta.url));

/**
 * Returns the component of bundled modules, after their top levels have run.
 *
 * Throws a `BuildError` with what a module throws at its top level.
 */
export async function makeComponent({ files, entry, map }) {
  const folder = await mkdtemp(path.join(tmpdir(), "bootstream-"));
  try {
    const jsPath = path.join(folder, "entry.js");
    for (const [name, text] of [...files, ["entry.js", entry]]) {
      await writeFile(path.join(folder, name), text);
    }
    const options = { witPath: WIT, world: "guest", jsSource: entry, jsPath, moduleRoot: folder, sync: true };
    const { component } = await componentize(options);
    return asWasi(component);
  } catch (error) {
    const message = error.message.replace(/^[:\s]+/, "").trimEnd();
    throw new BuildError(`the component cannot be made: ${withSources(message, map)}`);
  } finally {
    await rm(folder, { recursive: true });
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
