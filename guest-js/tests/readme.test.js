// The handlers of the README run as they are there.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { transform } from "esbuild";

import { invoke } from "../src/testing.js";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(path.join(folder, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(jsx?)\n(.*?)^```$/gms)].map(([, loader, code]) => ({ loader, code }));

const made = await mkdtemp(path.join(tmpdir(), "readme-"));
after(() => rm(made, { recursive: true }));
// Projects install this package as `bootstream`.
await mkdir(path.join(made, "node_modules"));
await symlink(folder, path.join(made, "node_modules/bootstream"));

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

test("the signature of a webhook is verified", async () => {
  const handler = await handlerWith("isSigned");
  process.env.WEBHOOK_SECRET = "It's a Secret to Everybody";
  // The example of GitHub's documentation of webhooks.
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const event = (value) => ({ body: "Hello, World!", headers: { "x-hub-signature-256": value } });

  assert.equal((await invoke(handler, event(signature))).status, 200);
  assert.equal((await invoke(handler, event(signature.replace("75", "76")))).status, 401);
  assert.equal((await invoke(handler, event(undefined))).status, 401);
});
