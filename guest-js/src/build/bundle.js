// The handler, its packages and the guest's globals as one module.

import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { BuildError } from "./error.js";
import { appendMap } from "./source-map.js";

const ENTRIES = ["src/handler.ts", "src/handler.js", "handler.ts", "handler.js"];
const OWN_FOLDER = fileURLToPath(new URL("../", import.meta.url));

/**
 * Bundles the module whose default export is the handler.
 *
 * Returns `{ code, map }`: the bundle, and the map that names its sources. Throws a `BuildError` with all messages of
 * esbuild.
 */
export async function bundle(entry = ENTRIES.find((name) => existsSync(name))) {
  if (entry === undefined || !existsSync(entry)) {
    throw new BuildError(`there is no ${entry ?? ENTRIES.join(", no ")}: name the module of the handler`);
  }
  const result = await run(path.resolve(entry));
  const [map, code] = ["handler.js.map", "handler.js"].map((name) =>
    result.outputFiles.find((file) => path.basename(file.path) === name).text,
  );
  return appendMap(code, JSON.parse(map), OWN_FOLDER);
}

async function run(entry) {
  try {
    return await build({
      stdin: { contents: entryOf(entry), resolveDir: path.dirname(entry), sourcefile: "bootstream:entry" },
      bundle: true,
      write: false,
      outfile: path.resolve("handler.js"),
      format: "esm",
      platform: "neutral",
      mainFields: ["browser", "module", "main"],
      conditions: ["worker", "browser", "module"],
      target: "es2023",
      // The engine runs no promises of its own while `handle` runs: see `guest/promise.js`.
      supported: { "async-await": false, "async-generator": false, "for-await": false, "top-level-await": false },
      define: { "process.env.NODE_ENV": '"production"' },
      sourcemap: "external",
      sourcesContent: false,
      legalComments: "none",
      charset: "utf8",
      external: ["bootstream:*", "wasj:*"],
      // The handler has the package that builds it, whatever else is installed.
      alias: { bootstream: path.join(OWN_FOLDER, "index.js") },
      plugins: [modulesOfNode],
      logLevel: "warning",
      logOverride: { "equals-nan": "silent" },
    });
  } catch (error) {
    if (error.errors === undefined) {
      throw error;
    }
    // esbuild has written its messages.
    throw new BuildError(`the handler cannot be bundled: ${error.errors.length} errors, see above`);
  }
}

function entryOf(entry) {
  const guest = path.join(OWN_FOLDER, "guest/main.js");
  return `
    import { exported } from ${JSON.stringify(guest)};
    import * as handler from ${JSON.stringify(entry)};
    export const handle = exported(handler);
  `;
}

/** Says why a module of Node.js is not there. */
const modulesOfNode = {
  name: "bootstream",
  setup({ onResolve }) {
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path: name }) => {
      if (!name.startsWith("node:") && !builtinModules.includes(name)) {
        return undefined;
      }
      return {
        errors: [{
          text: `\`${name}\` is a module of Node.js, which a component does not have: use the web platform's globals, or ` +
            "a package for browsers or workers",
        }],
      };
    });
  },
};
