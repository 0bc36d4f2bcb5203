import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AlreadyFinished, AlreadyStarted, Closed, eventStream, handler, head, InvalidStatus, ndjson, Rejection,
} from "../src/index.js";
import { context, invoke } from "../src/testing.js";

const run = (callback, event, options) => invoke(handler(callback), event, options);

test("a handler writes to the response", async () => {
  const recording = await run(async (event, { requestId }, response) => {
    response.start({ status: 201, headers: { "x-a": ["1", "2"], "x-b": 3 }, cookies: ["c=1"] });
    await response.write(`for ${event.name}, `);
    await response.write(new TextEncoder().encode(requestId).buffer);
    await response.write("");
  }, { name: "Ada" }, { context: { requestId: "r" } });

  assert.equal(recording.status, 201);
  assert.deepEqual([...recording.headers], [["x-a", "1, 2"], ["x-b", "3"]]);
  assert.deepEqual(recording.cookies, ["c=1"]);
  assert.deepEqual(recording.texts, ["for Ada, ", "r"]);
  assert.equal(recording.finished, true);
});

test("what a handler returns is the response", async () => {
  const text = await run(() => "text");
  assert.deepEqual([text.kind, text.status, text.text], ["http", 200, "text"]);
  const bytes = await run(() => new Uint8Array([1, 2]));
  assert.deepEqual([...bytes.body], [1, 2]);
  const document = await run(() => ({ a: [1] }));
  assert.deepEqual([document.kind, document.json()], ["document", { a: [1] }]);
  assert.deepEqual((await run(() => [1, 2])).json(), [1, 2]);
  assert.equal((await run(() => null)).text, "null");
  const response = await run(() => new Response("made", { status: 404, headers: [["set-cookie", "a=1"]] }));
  assert.deepEqual([response.status, response.text, response.cookies], [404, "made", ["a=1"]]);
  assert.equal((await run(() => new Response(null, { status: 204 }))).status, 204);
  await assert.rejects(run(() => () => 1), /not a function/);
});

test("a generator sends what it yields", async () => {
  const recording = await run(async function* () {
    yield head({ status: 202, headers: new Headers({ "x-a": "1" }) });
    yield "one";
    yield new Uint8Array([116, 119, 111]);
  });
  assert.deepEqual([recording.status, recording.headers.get("x-a"), recording.texts], [202, "1", ["one", "two"]]);
  assert.deepEqual((await run(() => new Set(["a", "b"]).values())).texts, ["a", "b"]);

  const late = await run(async function* () {
    yield "one";
    yield head();
  });
  assert.ok(late.error instanceof AlreadyStarted);
  assert.equal(late.finished, false);
});

test("events and lines are sent one by one", async () => {
  const events = await run(() => eventStream([{ data: "a\nb", id: "1", retry: 5 }, "x"], { headers: { "x-a": "1" } }));
  assert.deepEqual(events.texts, ["id: 1\nretry: 5\ndata: a\ndata: b\n\n", "data: x\n\n"]);
  assert.equal(events.headers.get("content-type"), "text/event-stream");
  const lines = await run(() => ndjson([{ a: "é" }, 1]));
  assert.deepEqual(lines.texts, ['{"a":"é"}\n', "1\n"]);

  const written = await run(async (event, context, response) => {
    const events = response.sse({ headers: { "x-a": "1" } });
    await events.comment("a\nb");
    await events.send({ event: "tick", data: { n: 1 } });
    await assert.rejects(events.send({ event: "a\nb" }), /line break/);
  });
  assert.deepEqual(written.texts, [": a\n: b\n\n", 'event: tick\ndata: {"n":1}\n\n']);
  const rows = await run(async (event, context, response) => {
    const rows = response.ndjson();
    await rows.write([1]);
    await assert.rejects(rows.write(undefined), /JSON/);
  });
  assert.equal(rows.text, "[1]\n");
});

test("the other kinds of response", async () => {
  const document = await run(async (event, context, response) => {
    response.startDocument();
    await response.write("[1]");
  });
  assert.deepEqual([document.kind, document.json()], ["document", [1]]);
  const raw = await run(async (event, context, response) => {
    response.startRaw("text/csv");
    await response.writeAll(["a,b\n", "1,2\n"]);
  });
  assert.deepEqual([raw.kind, raw.contentType, raw.texts], ["raw", "text/csv", ["a,b\n", "1,2\n"]]);
  const piped = await run((event, context, response) => new Response("piped").body.pipeTo(response.writable()));
  assert.equal(piped.text, "piped");
});

test("refused calls have names, and leave the response", async () => {
  const recording = await run(async (event, context, response) => {
    assert.throws(() => response.start({ status: 99 }), InvalidStatus);
    assert.equal(response.started, false);
    response.start();
    assert.throws(() => response.start(), (error) => error instanceof AlreadyStarted && error.code === "already-started");
    await response.write("x");
    await assert.rejects(response.write(7), /text or bytes, not a number/);
    response.finish();
    assert.equal(response.finished, true);
    assert.throws(() => response.finish(), AlreadyFinished);
    await assert.rejects(response.write("late"), AlreadyFinished);
  });
  assert.equal(recording.text, "x");
});

test("a reader that is gone is told", async () => {
  let closed = false;
  const recording = await run(async function* () {
    try {
      for (;;) {
        yield "x";
      }
    } finally {
      closed = true;
    }
  }, {}, { closesAfter: 3 });
  assert.ok(recording.error instanceof Closed);
  assert.deepEqual([recording.texts.length, closed], [3, true]);
});

test("a rejection is the caller's fault", async () => {
  const recording = await run(() => {
    throw new Rejection(404, "no such page");
  });
  assert.deepEqual([recording.status, recording.json()], [404, { message: "no such page" }]);
  assert.throws(() => new Rejection(500, "x"), RangeError);
  const late = await run(async (event, context, response) => {
    await response.write("x");
    throw new Rejection(404, "late");
  });
  assert.ok(late.error instanceof Rejection);
});

test("timers of the handler are waited for", async () => {
  const recording = await run((event, context, response) => {
    setTimeout(() => void response.write("late"), 20);
  });
  assert.equal(recording.text, "late");
});

test("the event is JSON, or bytes", async () => {
  await assert.rejects(run(() => "x", new TextEncoder().encode("{")), /the event is not JSON/);
  const raw = handler((event) => event, { raw: true });
  assert.deepEqual([...(await invoke(raw, new Uint8Array([0, 255]))).body], [0, 255]);
  assert.throws(() => handler({}), /a handler is a function, not an object of `Object`/);
  const remaining = context({ deadlineMs: Date.now() - 5 }).getRemainingTimeInMillis();
  assert.equal(remaining, 0);
});
