// Streams while they run, slow readers, failures.

import { assert, equal, sleep, until } from "./console.mjs";
import { audit } from "./keyboard.mjs";

/** Five pieces: a row appears at once, its strip grows, and its chunks have the gaps that the caller saw. */
export async function grows(visit) {
  let last;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    last = await growsOnce(visit).catch((error) => error);
    if (!(last instanceof Error)) return;
  }
  throw last;
}

async function growsOnce(visit) {
  const pieces = ["one", "two", "three", "four", "five"];
  const steps = pieces.flatMap((piece) => [{ write: piece }, { sleep_ms: 300 }]).slice(0, -1);
  const before = await visit.page.locator("bs-list tbody tr").count();
  const response = await visit.start([{ write_headers: { status: 200 } }, ...steps, "finish"]);
  const seen = performance.now();
  const times = [];
  const reading = (async () => {
    for await (const chunk of response.body) times.push([performance.now(), chunk.length]);
  })();
  await until(async () => (await visit.page.locator("bs-list tbody tr").count()) > before, "a row", 5000);
  const appeared = performance.now() - seen;
  assert(appeared < 500, `the row appeared after ${appeared} ms`);
  const id = response.headers.get("x-amzn-requestid");
  const filled = async () => Number(await visit.row(id).locator("canvas").getAttribute("data-filled"));
  await until(async () => (await filled()) >= 1, "the first chunk in the strip");
  equal(await visit.row(id).locator(".badge", { hasText: "running" }).count(), 1, "running");
  const early = await filled();
  await reading;
  await until(async () => (await filled()) === 5, "five chunks in the strip");
  assert(early < 5, "the strip did not grow");
  const { timeline } = await visit.api(`/api/invocations/${id}`);
  equal(timeline.length, 5, "chunks");
  for (let n = 1; n < 5; n += 1) {
    const recorded = (timeline[n].atSent - timeline[n - 1].atSent) / 1000;
    const measured = times[n][0] - times[n - 1][0];
    assert(Math.abs(recorded - measured) < 30, `gap ${n}: ${recorded} ms instead of ${measured} ms`);
  }
  await visit.page.locator("#title", { hasText: "POST /" }).waitFor();
  await visit.page.locator("#tab-Summary").click();
  await visit.page.locator("#panel", { hasText: "18 B" }).or(visit.page.locator("#panel", { hasText: "19 B" })).waitFor();
}

/** A failure in mid-stream: badge, type, message, frame, and the status that the caller got. */
export async function fails(visit) {
  const { response, id } = await visit.invoke([
    { write_headers: { status: 200 } }, { write: "a" }, { write: "b" }, { write: "c" }, { panic: "no luck" },
  ]);
  await visit.open(id, "Error");
  await visit.row(id).locator(".badge", { hasText: "failed in mid-stream" }).waitFor();
  equal(await visit.row(id).locator(".c-status").textContent(), String(response.status), "status");
  const text = await visit.panel().textContent();
  for (const expected of ["Function.", "no luck"]) assert(text.includes(expected), `${expected} in ${text}`);
  const frames = await visit.panel().locator(".frames li").allTextContents();
  assert(frames.some((frame) => /\.rs:\d+/.test(frame)), `a source line in ${frames}`);
}

/** A fast reader of a large response has no badge, and nothing waits. */
export async function fastReader(visit) {
  const { id } = await visit.invoke([{ write_headers: { status: 200 } }, { write_pattern: { total: 3_000_000, chunk: 65536 } }]);
  await visit.open(id);
  equal(await visit.row(id).locator(".badge", { hasText: "slow reader" }).count(), 0, "badge");
}

/** Behind a slow reader the lanes part, and the waiting is hatched. */
export async function slowReader(visit) {
  const { id } = await visit.invoke([{ write_headers: { status: 200 } }, { write_pattern: { total: 200_000, chunk: 65536 } }]);
  await visit.open(id);
  await visit.row(id).locator(".badge", { hasText: "slow reader" }).waitFor();
  const timeline = visit.page.locator("bs-timeline");
  await until(async () => Number(await timeline.getAttribute("data-waits")) > 0, "hatched waits");
  const found = await visit.api(`/api/invocations/${id}`);
  const last = found.timeline.at(-1);
  assert(last.atSent - last.atRuntime > 500_000, "the lanes do not part");
  assert(found.waitedMs > 1000, `waited ${found.waitedMs} ms`);
}

/** The moments at which the handler wrote are a lane of their own, and a table. */
export async function guestLane(visit) {
  const { id } = await visit.invoke([{ write: "one" }, { sleep_ms: 300 }, { write: "two" }, { sleep_ms: 100 }, { write: "three" }]);
  await visit.open(id);
  const timeline = visit.page.locator("bs-timeline");
  await until(async () => (await timeline.getAttribute("data-lanes")).startsWith("function wrote, from the runtime, on the wire"),
    "the lane");
  equal(await timeline.getAttribute("data-wrote"), "3", "marks");
  await visit.page.locator("button", { hasText: "Show as table" }).click();
  const writes = timeline.locator("table", { hasText: "Writes of the function" }).locator("tbody tr");
  equal(await writes.count(), 3, "writes in the table");
  equal(await writes.nth(2).locator("td").nth(1).textContent(), "5", "bytes");
  await audit(visit.page, "the tables");
  await visit.page.locator("button", { hasText: "Show as table" }).click();
}

/** After a restart the page says so, comes back, and has no rows of the old process. */
export async function restart(visit) {
  const first = await visit.invoke([{ write: "before" }]);
  await visit.row(first.id).waitFor();
  process.stdout.write("stop\n");
  await visit.page.locator("#connection.lost").waitFor();
  process.stdout.write("start\n");
  await visit.page.locator("#connection", { hasText: "live" }).waitFor({ timeout: 60_000 });
  const second = await visit.invoke([{ write: "after" }]);
  await visit.row(second.id).waitFor();
  equal(await visit.page.locator("bs-list tbody tr").count(), 1, "rows");
}

/** Thousands of invocations: the page keeps 200 rows and answers at once. */
export async function many(visit) {
  const total = visit.plan.total;
  let left = total;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const response = await visit.start([{ write: "x" }], { path: "/invoke" });
      await response.arrayBuffer();
      if (left === total - 500) process.stdout.write("warm\n");
    }
  };
  await Promise.all([caller(), caller()]);
  await visit.latest();
  await sleep(300);
  const { invocations } = await visit.api("/api/invocations");
  equal(invocations.length, 200, "kept");
  equal(invocations.at(-1).number, total, "number of the last");
  await until(async () => (await visit.page.locator("bs-list tbody tr").count()) === 200, "200 rows");
  await until(async () => (await visit.row(invocations.at(-1).requestId).count()) === 1, "the newest row");
  const began = performance.now();
  await visit.page.keyboard.press("?");
  await visit.page.locator("#keys").waitFor();
  const took = performance.now() - began;
  assert(took < 1000, `the page took ${took} ms to react`);
  await visit.page.keyboard.press("Escape");
}
