// Tests of the handler in Node.js: `npm test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { invoke } from "bootstream/testing";

import handler from "../src/handler.ts";

test("numbers are streamed", async (t) => {
  const pauses: number[] = [];
  const now = (resolve: () => void, ms: number) => {
    pauses.push(ms);
    resolve();
  };
  t.mock.method(globalThis, "setTimeout", now as unknown as typeof setTimeout);

  const response = await invoke(handler, { rawPath: "/numbers" }, { context: { requestId: "an-id" } });

  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-path"), "/numbers");
  assert.equal(response.headers.get("x-request-id"), "an-id");
  assert.deepEqual(response.texts, ["Number: 1\n", "Number: 2\n", "Number: 3\n", "Streaming complete!\n"]);
  assert.deepEqual(pauses, [1000, 1000, 1000]);
  assert.ok(response.finished);
});
