import assert from "node:assert/strict";
import { test } from "node:test";

import { app } from "../src/app.js";
import { numbers } from "../src/numbers.js";

test("each line is a chunk of its own", async () => {
  const decoder = new TextDecoder();
  const chunks = [];
  for await (const chunk of numbers(2, 0)) {
    chunks.push(decoder.decode(chunk));
  }
  assert.deepEqual(chunks, ["Number: 1\n", "Number: 2\n", "Streaming complete!\n"]);
});

test("the query may ask for another count", async () => {
  const response = await app.request("/numbers?count=0");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.equal(await response.text(), "Streaming complete!\n");
});

test("there is nothing at another path", async () => {
  assert.equal((await app.request("/")).status, 404);
});
