import assert from "node:assert/strict";
import { test } from "node:test";

import { handle } from "../src/app.js";
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
  const response = handle(new Request("http://localhost/numbers?count=1"), 0);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.equal(await response.text(), "Number: 1\nStreaming complete!\n");
});

test("there is nothing at another path", () => {
  assert.equal(handle(new Request("http://localhost/")).status, 404);
});
