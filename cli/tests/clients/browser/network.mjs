// Archives in the developer tools of Chromium, of another browser: they need a port for its own protocol.

import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { assert, equal, until } from "./console.mjs";

/** A port that is free now. */
function freePort() {
  const server = createServer();
  return new Promise((done) => server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  }));
}

/** Opens the panel *Network* of the tools, as a page. */
async function networkPanel(browser, port) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const inspected = await context.newPage();
  await inspected.goto("data:text/html,<title>inspected</title>");
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const { id } = targets.find((target) => target.title === "inspected");
  const tools = await context.newPage();
  await tools.goto(`http://127.0.0.1:${port}/devtools/devtools_app.html?ws=127.0.0.1:${port}/devtools/page/${id}&panel=network`);
  return tools;
}

/** Chromium's panel *Network* imports an archive, with its times and its body. */
export async function networkImport(visit) {
  const { id } = await visit.invoke([{ write_headers: { status: 201, headers: [["content-type", "text/plain"]] } },
    { write: "hello" }, { sleep_ms: 700 }, { write: "world" }], { path: "/imported?q=1" });
  const archive = await visit.api(`/api/invocations/${id}.har`);
  const file = join(visit.plan.folder, "archive.har");
  writeFileSync(file, JSON.stringify(archive));
  const port = await freePort();
  const browser = await chromium.launch({ executablePath: visit.chromium,
    args: ["--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`] });
  try {
    const tools = await networkPanel(browser, port);
    const chooser = tools.waitForEvent("filechooser");
    await tools.locator("[aria-label^='Import HAR']").first().click();
    await (await chooser).setFiles(file);
    const row = tools.locator(".network-log-grid tr", { hasText: "imported?q=1" }).first();
    await row.waitFor();
    const text = (await row.textContent()).replace(/\s/g, " ");
    assert(text.includes("201"), `the status in ${text}`);
    const { time } = archive.log.entries[0];
    const shown = time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(2)} s`;
    assert(time >= 700 && text.includes(shown), `${shown} in ${text}`);
    await row.locator("td").first().click();
    await tools.locator("#tab-response").click();
    const body = tools.locator(".cm-content");
    await until(async () => (await body.count()) === 1 && (await body.textContent()) !== "", "the body");
    equal(await body.textContent(), "helloworld", "the body in the panel");
  } finally {
    await browser.close();
  }
}
