// The build, with handlers of one file each.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CLI = fileURLToPath(new URL("../src/build/cli.js", import.meta.url));
const folder = await mkdtemp(path.join(tmpdir(), "bootstream-build-"));
after(() => rm(folder, { recursive: true }));

/** Builds a file in a folder of its own. Returns what the command wrote to standard error, and its exit code. */
async function build(source, name = "handler.ts") {
  await writeFile(path.join(folder, name), source);
  try {
    const { stderr } = await promisify(execFile)(process.execPath, [CLI, name], { cwd: folder });
    return { stderr, code: 0 };
  } catch ({ stderr, code }) {
    return { stderr, code };
  }
}

async function assertFails(source, ...wanted) {
  const { stderr, code } = await build(source);
  assert.equal(code, 1, stderr);
  wanted.forEach((part) => assert.ok(stderr.includes(part), `${part} in ${stderr}`));
}

const HANDLER = 'import { handler } from "bootstream";\nexport default handler(() => "x");\n';

test("a handler becomes a component whose imports of WASI have their names", async () => {
  const { stderr, code } = await build(`${HANDLER}const typed: number = 1;\nexport { typed };\n`);

  assert.deepEqual([stderr, code], ["", 0]);
  const component = await readFile(path.join(folder, "handler.wasm"));
  assert.deepEqual([...component.subarray(0, 4)], [0, 0x61, 0x73, 0x6d]);
  assert.ok(component.includes("wasi:http/outgoing-handler@0.2.9"));
  assert.equal(component.indexOf("wasj:"), -1);
});

test("a module without a handler says how to write one", () =>
  assertFails("export default () => 1;", "the module has no handler: write `export default handler("));

test("an entry that is not there is named", async () => {
  const run = promisify(execFile)(process.execPath, [CLI, "nowhere.ts"], { cwd: folder });
  await assert.rejects(run, ({ stderr }) => stderr.includes("there is no nowhere.ts"));
});

test("a module of Node.js is named, with who imports it", () =>
  assertFails(`import { readFileSync } from "node:fs";\n${HANDLER}readFileSync("x");`,
    "`node:fs` is a module of Node.js", "handler.ts:1:"));

test("a package that is not installed is named, with the command", () =>
  assertFails(`import x from "@scope/missing/deep";\n${HANDLER}x();`, "`npm install @scope/missing`"));

test("a syntax error has its line", () => assertFails(`${HANDLER}const = 1;`, "handler.ts:3:"));

test("there is no await at the top level", () =>
  assertFails(`${HANDLER}await null;`, "There is no `await` at the top level of a module", "handler.ts:3:"));

test("what throws at the top level is named with its line in the source", () =>
  assertFails(`${HANDLER}\ninterface X {}\nfunction fails(): never { throw new RangeError("at the top"); }\nfails();`,
    "at the top", "handler.ts:5"));

test("the host is not there at the top level", async () => {
  for (const [source, what] of [
    ["crypto.randomUUID();", "randomness works only while an event is handled"],
    ['process.exit(1);', "`process.exit` works only"],
    ["setTimeout(() => 1, 1);", "a timer works only"],
    ['fetch("https://a.example/").then(String);', "`fetch` works only"],
  ]) {
    await assertFails(`${HANDLER}${source}`, what, "handler.ts:3");
  }
});
