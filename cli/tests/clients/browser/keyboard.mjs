// Keyboard, accessibility, small screens.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { assert, equal, until } from "./console.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function audit(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
  equal(found, [], where);
}

async function scrollsSideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
}

/** Every feature without a mouse, and the focus is never lost. */
export async function keys(visit) {
  const { page } = visit;
  const first = await visit.invoke([{ write_headers: { status: 200 } }, { write: "a" }, { sleep_ms: 30 }, { write: "b" }]);
  const second = await visit.invoke([{ write_headers: { status: 404 } }, { write: "c" }]);
  await visit.row(second.id).waitFor();
  await page.locator("#filter").focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.locator("#title", { hasText: "#" }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.dataset?.id ?? document.activeElement?.tagName);
  await until(async () => (await focused()) === first.id, "focus on the older row");
  // A live update does not take the focus.
  const third = await visit.invoke([{ write: "d" }]);
  await visit.row(third.id).waitFor();
  equal(await focused(), first.id, "focus after an update");
  await page.keyboard.press("Enter");
  await until(async () => (await page.evaluate(() => document.activeElement.getAttribute("role"))) === "slider", "the timeline");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.locator(".chunk", { hasText: "Chunk 1: from the runtime" }).waitFor();
  await page.locator(".chunk", { hasText: "62" }).waitFor();
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  equal(outline, "solid", "a visible focus");
  // Exactly one row is in the tab order.
  equal(await page.locator("bs-list tr[tabindex='0']").count(), 1, "tab stops of the list");
  await page.keyboard.press("/");
  await page.keyboard.type("status:4xx");
  await until(async () => (await page.locator("bs-list tbody tr:visible").count()) === 1, "one row");
  await page.locator("#filter").fill("");
  await page.locator("#tab-Summary").focus();
  await page.keyboard.press("ArrowRight");
  equal(await page.evaluate(() => document.activeElement.id), "tab-Request", "tabs by arrows");
  await page.keyboard.press("?");
  await page.locator("#keys").waitFor();
  await page.keyboard.press("Escape");
  equal(await page.evaluate(() => document.activeElement.id), "tab-Request", "focus after a dialog");
  const download = page.waitForEvent("download");
  await page.keyboard.press("x");
  equal((await download).suggestedFilename(), `${first.id}.json`, "export");
  const table = page.locator("button", { hasText: "Show as table" });
  await table.press("Enter");
  equal(await page.locator("bs-timeline table", { hasText: "Chunks" }).locator("tbody tr").count(), 2, "the timeline as a table");
}

/** axe finds nothing in light and dark, in any tab; nothing scrolls sideways on a small screen. */
export async function accessible(visit) {
  const { page } = visit;
  const { id } = await visit.invoke([{ eprint: "a line\n" }, { write_headers: { status: 200, headers: [["content-type", "application/json"]] } },
    { write: '{"a":1}' }, { sleep_ms: 20 }, { panic: "bad" }]);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await visit.open(id);
    for (const tab of ["Summary", "Request", "Event", "Response", "Body", "Logs", "Error", "Trace"]) {
      await page.locator(`#tab-${tab}`).click();
      if (tab === "Body") await visit.panel().locator("pre").first().waitFor();
      await audit(page, `${colorScheme}, ${tab}`);
    }
    await page.keyboard.press("?");
    await audit(page, `${colorScheme}, keys`);
    await page.keyboard.press("Escape");
  }
  equal(await page.evaluate(() => document.getAnimations().length), 0, "animations");
  for (const [width, height] of [[360, 740], [600, 400]]) {
    await page.setViewportSize({ width, height });
    for (const tab of ["Summary", "Request", "Event", "Response", "Body", "Logs", "Error", "Trace"]) {
      await page.locator(`#tab-${tab}`).click();
      assert(!(await scrollsSideways(page)), `${tab} at ${width} px scrolls sideways`);
    }
    await audit(page, `${width} px`);
  }
  await page.setViewportSize({ width: 1200, height: 800 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
}
