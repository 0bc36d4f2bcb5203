// The handlers of the README run as they are there.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { transform } from "esbuild";

import { invoke } from "../src/testing.js";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(path.join(folder, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(jsx?)\n(.*?)^```$/gms)].map(([, loader, code]) => ({ loader, code }));

// Below this package, so that Node.js finds `bootstream`.
const made = await mkdtemp(path.join(folder, "tests", "readme-"));
after(() => rm(made, { recursive: true }));

/** Returns the handler of the only block with a part. */
async function handlerWith(part) {
  const found = blocks.filter(({ code }) => code.includes(part));
  assert.equal(found.length, 1, part);
  const file = path.join(made, `${part.replace(/\W/g, "")}.js`);
  await writeFile(file, found[0].code);
  return (await import(pathToFileURL(file))).default;
}

test("each block is valid", async () => {
  assert.ok(blocks.length >= 6);
  for (const { loader, code } of blocks) {
    await transform(code, { loader });
  }
});

test("the first handler greets", async () => {
  const response = await invoke(await handlerWith('"world!\\n");\n});'));
  assert.deepEqual(response.texts, ["Hello, ", "world!\n"]);
});

test("events are sent as they are made", async (t) => {
  t.mock.method(globalThis, "setTimeout", (resolve) => resolve());
  const response = await invoke(await handlerWith("ticks"));
  assert.equal(response.texts[2], 'event: tick\nid: 3\ndata: {"n":3}\n\n');
});

test("events of another service are passed on", async (t) => {
  const body = new Blob(["data: one\n\ndata: two\n\n"]).stream();
  const request = t.mock.method(globalThis, "fetch", async () => new Response(body));
  const response = await invoke(await handlerWith("readEvents"));
  assert.deepEqual(response.texts, ["one", "two"]);
  assert.equal(request.mock.calls[0].arguments[0], "https://api.example.com/v1/chat");
});
