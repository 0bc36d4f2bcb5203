// The handler, its packages and the guest's globals as one module.

import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build, formatMessages } from "esbuild";

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
    const result = await build({
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
      logLevel: "silent",
    });
    await show(result.warnings, "warning");
    return result;
  } catch (error) {
    if (error.errors === undefined) {
      throw error;
    }
    const messages = await formatMessages(error.errors.map(withAdvice), { kind: "error", color: hasColors() });
    throw new BuildError(`the handler cannot be bundled\n\n${messages.join("")}`);
  }
}

async function show(warnings, kind) {
  // Packages are what they are.
  const own = warnings.filter(({ location }) => !location?.file.includes("node_modules"));
  const messages = await formatMessages(own, { kind, color: hasColors() });
  process.stderr.write(messages.join(""));
}

function hasColors() {
  return process.stderr.isTTY === true && !process.env.NO_COLOR;
}

/** Says what to do about an error of esbuild, whose own advice would leave the import in the component. */
function withAdvice(message) {
  const [, name] = /^Could not resolve "([^"]+)"$/.exec(message.text) ?? [];
  if (name !== undefined && !/^[./]/.test(name)) {
    const [, packageName] = /^((?:@[^/]+\/)?[^/]+)/.exec(name);
    return { ...message, notes: [{ text: `Install the package: \`npm install ${packageName}\`.` }] };
  }
  if (message.text.startsWith("Top-level await")) {
    const text = "The top level runs once, during the build. Move what waits into the handler.";
    return { ...message, text: "There is no `await` at the top level of a module", notes: [{ text }] };
  }
  return message;
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
