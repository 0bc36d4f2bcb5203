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
 * Bundles the module whose default export is the handler, and the modules of this package that it needs.
 *
 * Returns `{ files, entry, map }`: the modules by name, the source of the first one, and the map that names the sources of
 * the handler. Throws a `BuildError` with all messages of esbuild.
 */
export async function bundle(entry = ENTRIES.find((name) => existsSync(name))) {
  if (entry === undefined || !existsSync(entry)) {
    throw new BuildError(`there is no ${entry ?? ENTRIES.join(", no ")}: name the module of the handler`);
  }
  const handler = await run({
    entryPoints: { handler: path.resolve(entry) },
    sourcemap: "external",
    sourcesContent: false,
    plugins: [ownPackage, modulesOfNode],
  });
  const { code, map } = appendMap(handler.get("handler.js"), JSON.parse(handler.get("handler.js.map")));
  const own = await run({
    entryPoints: { core: path.join(OWN_FOLDER, "guest/core.js"), globals: path.join(OWN_FOLDER, "guest/globals.js") },
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return { files: new Map([...own, ["handler.js", code]]), entry: ENTRY, map };
}

const ENTRY = `
import { exported } from "./core.js";
import "./globals.js";
import * as handler from "./handler.js";
export const handle = exported(handler);
`;

/** Runs esbuild. Returns the texts of the files that it makes, by name. */
async function run(options) {
  const result = await attempt({
    bundle: true,
    write: false,
    outdir: path.resolve("."),
    format: "esm",
    platform: "neutral",
    mainFields: ["browser", "module", "main"],
    conditions: ["worker", "browser", "module"],
    target: "es2023",
    // The engine runs no promises of its own while `handle` runs: see `guest/promise.js`.
    supported: { "async-await": false, "async-generator": false, "for-await": false, "top-level-await": false },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    charset: "utf8",
    external: ["bootstream:*", "wasj:*"],
    logLevel: "silent",
    ...options,
  });
  return new Map(result.outputFiles.map((file) => [path.basename(file.path), file.text]));
}

async function attempt(options) {
  try {
    const result = await build(options);
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

/** The handler has the package that builds it, whatever else is installed. */
const ownPackage = {
  name: "bootstream",
  setup({ onResolve }) {
    onResolve({ filter: /^bootstream$/ }, () => ({ path: "./core.js", external: true }));
  },
};

/** Says why a module of Node.js is not there. */
const modulesOfNode = {
  name: "modules-of-node",
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
