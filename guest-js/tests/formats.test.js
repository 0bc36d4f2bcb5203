import assert from "node:assert/strict";
import { test } from "node:test";

import { readEvents, readLines } from "../src/index.js";

async function collect(values) {
  const all = [];
  for await (const value of values) {
    all.push(value);
  }
  return all;
}

/** Yields text in pieces of `size` bytes. */
function* pieces(text, size) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

test("lines end with any of three ends, wherever chunks are cut", async () => {
  const text = "a\nbé\r\nc\rd\n\ne";
  for (const size of [1, 2, 3, 100]) {
    assert.deepEqual(await collect(readLines(pieces(text, size))), ["a", "bé", "c", "d", "", "e"]);
  }
  assert.deepEqual(await collect(readLines(["x\r"])), ["x"]);
  assert.deepEqual(await collect(readLines([])), []);
});

test("events are read as the standard says", async () => {
  const text =
    "\ufeff: comment\n\ndata: one\nid: 7\n\nevent: tick\ndata:two\ndata:  lines\nretry: 5\n\nevent: empty\n\n" +
    "data\nid: a\0b\n\ndata: unfinished";
  for (const size of [1, 7, 1000]) {
    assert.deepEqual(await collect(readEvents(pieces(text, size))), [
      { data: "one", event: undefined, id: "7" },
      { data: "two\n lines", event: "tick", id: "7" },
      { data: "", event: undefined, id: "7" },
    ]);
  }
});
