// Runs cases of the console in headless Chromium. The argument is JSON: `{front, console, cases, ...}`.
// Prints the name of each case that has passed.

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

import * as attacks from "./attacks.mjs";
import * as details from "./details.mjs";
import * as keyboard from "./keyboard.mjs";
import * as network from "./network.mjs";
import * as sending from "./sending.mjs";
import * as streams from "./streams.mjs";

const BROWSERS = ["chromium", "google-chrome", "chromium-browser"].map((name) => `/usr/bin/${name}`);

const plan = JSON.parse(process.argv[2]);
const all = { ...attacks, ...details, ...keyboard, ...network, ...sending, ...streams };

/** What the cases use: a page of the console, and callers of the function. */
class Visit {
  constructor(browser, page, context) {
    Object.assign(this, { browser, page, context, plan, front: plan.front, console: plan.console });
  }

  /** Invokes the scripted guest, and returns the response without its body. */
  start(steps, { path = "/", headers = {} } = {}) {
    return fetch(this.front + path, {
      method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ steps }),
    });
  }

  /** Invokes the scripted guest, reads the body as far as it comes, and waits for the end in the console. */
  async invoke(steps, options = {}) {
    const response = await this.start(steps, options);
    const body = await response.arrayBuffer().catch(() => null);
    const found = await this.latest();
    return { response, body: body && Buffer.from(body), id: found.requestId };
  }

  /** Waits until nothing runs, and returns the newest row. */
  async latest() {
    for (;;) {
      const { invocations } = await this.api("/api/invocations");
      if (invocations.length && invocations.every((row) => !row.running)) return invocations.at(-1);
      await sleep(20);
    }
  }

  async api(path) {
    const response = await fetch(this.console + path);
    assert(response.ok, `${path}: ${response.status}`);
    return response.json();
  }

  /** Chooses an invocation in the list, and a tab. */
  async open(id, tab) {
    await this.row(id).waitFor();
    await this.row(id).click();
    const { number } = await this.api(`/api/invocations/${id}`);
    await this.page.locator("#title", { hasText: `#${number} ` }).waitFor();
    if (tab) await this.page.locator(`#tab-${tab}`).click();
  }

  row(id) {
    return this.page.locator(`bs-list tr[data-id="${id}"]`);
  }

  panel() {
    return this.page.locator("#panel");
  }
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function assert(holds, text) {
  if (!holds) throw new Error(text);
}

export function equal(seen, expected, text = "") {
  const [a, b] = [seen, expected].map((value) => JSON.stringify(value));
  assert(a === b, `${text}: ${a} instead of ${b}`);
}

/** Waits until a condition holds. */
export async function until(condition, text, limit = 20_000) {
  const end = Date.now() + limit;
  while (!(await condition())) {
    assert(Date.now() < end, `waited in vain: ${text}`);
    await sleep(20);
  }
}

const executablePath = process.env.CHROME_PATH ?? BROWSERS.find((path) => existsSync(path));
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP evil.test 127.0.0.1", ...(plan.args ?? [])],
});
try {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const [errors, requests] = [[], []];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${plan.console}/`);
  await page.locator("#connection", { hasText: "live" }).waitFor();
  const visit = new Visit(browser, page, context);
  Object.assign(visit, { errors, requests, chromium: executablePath });
  for (const name of plan.cases) {
    await all[name](visit);
    process.stdout.write(`${name}\n`);
  }
  const real = errors.filter((text) => !(plan.tolerates && text.includes(plan.tolerates)));
  equal(real, [], "errors on the page");
  const foreign = requests.filter((url) => !url.startsWith(plan.console) && !url.startsWith(`blob:${plan.console}`));
  equal(foreign, [], "requests to other places");
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
