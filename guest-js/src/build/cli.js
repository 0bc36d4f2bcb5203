#!/usr/bin/env node
// bootstream-build: makes the component of a handler.

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { bundle } from "./bundle.js";
import { makeComponent } from "./component.js";
import { BuildError } from "./error.js";

const USAGE = `Usage: bootstream-build [ENTRY] [--output FILE]

Makes the component of a handler in JavaScript or TypeScript. ENTRY is the module whose default export is the handler,
src/handler.ts or src/handler.js by default. FILE is handler.wasm by default.`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: "string", short: "o", default: "handler.wasm" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (positionals.length > 1) {
    throw new BuildError(`one entry is enough, but there are ${positionals.length}\n\n${USAGE}`);
  }
  const bundled = await bundle(positionals[0]);
  await writeFile(values.output, await makeComponent(bundled));
}

try {
  await main();
} catch (error) {
  const known = error instanceof BuildError || error.code?.startsWith("ERR_PARSE_ARGS");
  console.error(`bootstream-build: ${known ? error.message : error.stack}`);
  process.exitCode = 1;
}
