// Sending again, editing, comparing.

import { assert, equal, until } from "./console.mjs";

/** An event is sent again byte for byte; an edited one only if it is JSON. */
export async function resends(visit) {
  const { id } = await visit.invoke([{ write_headers: { status: 200 } }, "write_event_digest"], { path: "/@rest/p?q=1" });
  await visit.open(id);
  await visit.page.keyboard.press("r");
  await until(async () => (await visit.latest()).resentFrom === id, "a new row");
  const again = await visit.latest();
  await visit.row(again.requestId).locator(".badge", { hasText: "resent" }).waitFor();
  equal(again.door, "rest", "front end");
  const [before, after] = await Promise.all([id, again.requestId].map((one) =>
    visit.api(`/api/invocations/${one}?secrets=show`)));
  equal(after.event, before.event, "event");
  equal(after.body.sha256, before.body.sha256, "digest of the event as the handler got it");

  await visit.open(id);
  await visit.page.keyboard.press("e");
  const editor = visit.page.locator("#event");
  await editor.waitFor();
  await editor.fill('{\n  "a": 1,\n  b\n}');
  await visit.page.locator("bs-edit button", { hasText: "Send" }).click();
  await visit.page.locator("#event-error", { hasText: "Line 3 is not JSON" }).waitFor();
  const { invocations } = await visit.api("/api/invocations");
  equal(invocations.at(-1).requestId, again.requestId, "nothing was sent");
  await editor.fill('{"steps":[{"write_headers":{"status":200}},{"write":"edited"}]}');
  await visit.page.locator("bs-edit button", { hasText: "Send" }).click();
  await until(async () => (await visit.latest()).requestId !== again.requestId, "another row");
  const edited = await visit.latest();
  const body = await fetch(`${visit.console}/api/invocations/${edited.requestId}/body`);
  equal(await body.text(), "edited", "what the handler answered");
  equal(body.headers.get("content-disposition"), "attachment");
}

/** Two invocations of different length and content. */
export async function compares(visit) {
  const head = (value) => ({ write_headers: { status: 200, headers: [["x-run", value], ["x-same", "1"]] } });
  const left = await visit.invoke([head("a"), { write: "the same, then left" }]);
  const right = await visit.invoke([head("b"), { write: "the same, then right and more" }, { sleep_ms: 50 }, { write: "!" }]);
  await visit.open(left.id);
  await visit.page.keyboard.press("c");
  await visit.open(right.id);
  await visit.page.keyboard.press("c");
  const dialog = visit.page.locator("bs-compare dialog");
  await dialog.waitFor();
  equal(await dialog.locator("[data-difference]").getAttribute("data-difference"), "15", "first different byte");
  const text = await dialog.textContent();
  assert(text.includes("x-run") && !text.includes("x-same"), text);
  const row = dialog.locator("tr", { has: visit.page.locator("th", { hasText: /^Bytes$/ }) });
  equal(await row.locator("td").allTextContents(), ["19", "30"], "numbers both ways");
  assert(Number(await dialog.locator(".stage").getAttribute("data-span")) > 50_000, "one axis");
  await visit.page.keyboard.press("Escape");
}
