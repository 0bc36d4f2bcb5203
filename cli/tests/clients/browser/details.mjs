// The views of a body, the head of a response, archives.

import { statSync } from "node:fs";
import { createRequire } from "node:module";

import Ajv from "ajv";
import har from "har-schema";

import { assert, equal, until } from "./console.mjs";
import { audit } from "./keyboard.mjs";

/** One byte of a body. */
const byte = (fill) => ({ write_bytes: { len: 1, fill } });

const typed = (type, ...steps) =>
  [{ write_headers: { status: 200, headers: [["content-type", type]] } }, ...steps, "finish"];

/** The events shown are those that an `EventSource` of the same browser receives. */
export async function events(visit) {
  const emoji = [...Buffer.from("\u{1f600}")];
  const steps = typed("text/event-stream", { write: ": a comment\nid: 7\nretry: 90000\nda" }, { sleep_ms: 60 },
    { write: "ta: cut in two\n\nevent: tick\ndata: one\ndata: two\n\ndata: " }, { sleep_ms: 60 },
    byte(emoji[0]), byte(emoji[1]), { sleep_ms: 60 }, byte(emoji[2]), byte(emoji[3]), { write: "\n\n" });
  const { id, body } = await visit.invoke(steps);
  const page = await visit.context.newPage();
  await page.route("http://sse.test/**", (route) => route.fulfill(
    route.request().url().endsWith("/events")
      ? { contentType: "text/event-stream", body }
      : { contentType: "text/html", body: "<title>events</title>" }));
  await page.goto("http://sse.test/");
  const received = await page.evaluate(() => new Promise((done) => {
    const found = [];
    const source = new EventSource("/events");
    const take = ({ type, data, lastEventId }) => found.push([type, data, lastEventId]);
    source.onmessage = take;
    source.addEventListener("tick", take);
    source.onerror = () => { source.close(); done(found); };
  }));
  await page.close();
  equal(received.length, 3, "events of the browser");
  await visit.open(id, "Body");
  await visit.panel().locator("[data-kind=event]").nth(2).waitFor();
  const shown = await visit.panel().locator("[data-kind=event]").evaluateAll((all) => all.map((one) =>
    [one.dataset.event, one.querySelector(".data").textContent, one.dataset.id]));
  equal(shown, received, "events shown");
  equal(await visit.panel().locator("[data-kind=comment]").textContent(), "comment: a comment");
  equal(await visit.panel().locator("[data-kind=retry]").textContent(), "retry: 90000");
  const split = await visit.panel().locator("[data-kind=event]").evaluateAll((all) => all.map((one) => Number(one.dataset.split)));
  assert(split[0] >= 1 && split[1] === 0 && split[2] >= 1, `split: ${split}`);
  await visit.panel().locator(".note", { hasText: "split over chunks" }).waitFor();
}

/** Each kind of body has its viewer, and a large one does not freeze the page. */
export async function views(visit) {
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  const cases = [
    ["application/x-ndjson", [{ write: '{"a":1}\n{"a":2}\nbroken\n' }], "ndjson"],
    ["application/json", [{ write: '{"b":[1,2]}' }], "json"],
    ["application/octet-stream", [{ write_bytes: { len: 40, fill: 7 } }], "hex"],
    ["image/png", [...png].map(byte), "image"],
    ["image/svg+xml", [{ write: '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"/>' }], "text"],
    ["text/html", [{ write: "<h1>markup</h1>" }], "text"],
  ];
  for (const [type, steps, view] of cases) {
    const { id } = await visit.invoke(typed(type, ...steps));
    await visit.open(id, "Body");
    await until(async () => (await visit.panel().locator("select").inputValue()) === view
      && (await visit.panel().locator("bs-body > div:last-child *").count()) > 0, `${type} as ${view}`);
    if (view === "image") {
      await until(() => visit.panel().locator("img").evaluate((image) => image.naturalWidth === 1), "a picture");
    }
    if (view === "ndjson") equal(await visit.panel().locator(".message.bad").count(), 1, "broken lines");
  }
  equal(await visit.page.evaluate(() => window.pwned), undefined, "pwned");
}

/** 30 MiB of zeros: both ends are shown, and no task takes long. */
export async function large(visit) {
  const mib = 1024 * 1024;
  const { id } = await visit.invoke(typed("text/plain", { write: "first" },
    ...Array(30).fill({ write_bytes: { len: mib, fill: 0 } }), { write: "last" }));
  await visit.page.evaluate(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration)))
      .observe({ entryTypes: ["longtask"] });
  });
  const dumps = visit.panel().locator("pre");
  const longest = async () => {
    await visit.open(id, "Body");
    await visit.panel().locator(".note", { hasText: "The first 1.0 MiB of 30.0 MiB" }).waitFor();
    await visit.panel().locator("select").selectOption("hex");
    await until(async () => (await dumps.count()) === 2, "both ends");
    return Math.max(0, ...await visit.page.evaluate(() => window.tasks.splice(0)));
  };
  // A busy machine interrupts tasks, which makes them long as well: the best of three turns counts.
  const turns = [await longest()];
  while (turns.at(-1) >= visit.plan.longestTask && turns.length < 3) {
    await visit.open(id, "Response");
    turns.push(await longest());
  }
  assert(turns.at(-1) < visit.plan.longestTask, `tasks of ${turns} ms`);
  assert((await dumps.nth(0).textContent()).startsWith("00000000  66 69 72 73 74 00"), "the first bytes");
  assert((await dumps.nth(1).textContent()).trimEnd().endsWith("last"), "the last bytes");
}

/** The prelude as it was sent, and as each front end made it. */
export async function preludes(visit) {
  const head = { status: 201, headers: [["content-length", "5"], ["x-twice", "1"], ["x-twice", "2"]],
    cookies: ["a=s3cret; Path=/", "b=2", "c=3"] };
  for (const [door, cookies, remapped] of [["url", 3, 1], ["rest", 3, 1], ["http", 3, 0], ["alb-multi", 3, 0]]) {
    const { response, id } = await visit.invoke([{ write_headers: head }, { write: "hello" }, "finish"],
      { path: `/@${door}/` });
    equal(response.status, 201, door);
    equal(response.headers.getSetCookie().length, cookies, `${door}: cookies of the caller`);
    await visit.open(id, "Response");
    await visit.panel().locator("h3", { hasText: `Cookies: ${cookies}` }).waitFor();
    await visit.panel().locator("h3", { hasText: `Renamed by the front end: ${remapped}` }).waitFor();
    const text = await visit.panel().textContent();
    assert(text.includes('"statusCode": 201'), `${door}: the prelude in ${text}`);
    assert(!text.includes("s3cret"), `${door}: a secret in ${text}`);
  }
  await visit.page.locator("#actions button", { hasText: "Show secrets" }).click();
  await until(async () => (await visit.panel().textContent()).includes("a=s3cret; Path=/"), "the cookie");
  await visit.page.locator("#actions button", { hasText: "Show secrets" }).click();
  await until(async () => !(await visit.panel().textContent()).includes("s3cret"), "no cookie");
}

/** The archive is valid, and an export is the same each time. */
export async function archives(visit) {
  const { id } = await visit.invoke([{ write_headers: { status: 200, headers: [["content-type", "text/plain"]] } },
    { write: "hello" }, { sleep_ms: 20 }, { write: "world" }], { path: "/p?q=a%20b&c", headers: { authorization: "s3cret" } });
  const ajv = new Ajv({ unknownFormats: "ignore", logger: false });
  ajv.addMetaSchema(createRequire(import.meta.url)("ajv/lib/refs/json-schema-draft-06.json"));
  ajv.addSchema(Object.values(har));
  const archive = await visit.api(`/api/invocations/${id}.har`);
  const valid = ajv.validate("har.json#", archive);
  assert(valid, JSON.stringify(ajv.errors));
  const [entry] = archive.log.entries;
  equal(Buffer.from(entry.response.content.text, "base64").toString(), "helloworld", "content");
  equal(entry._chunks.length, 2, "chunks");
  equal(entry.request.queryString, [{ name: "q", value: "a b" }, { name: "c", value: "" }], "query");
  assert(!JSON.stringify(archive).includes("s3cret"), "a secret in the archive");
  const texts = await Promise.all([1, 2].map(async () =>
    (await fetch(`${visit.console}/api/invocations/${id}`)).text()));
  equal(texts[0], texts[1], "two exports");
}

const IMAGE = `<img src=x onerror="window.pwned=1">`;

/** A span of the handler that has ended. */
const ended = (id, parent, name, more = {}) => ({ end_span: { id: id.padStart(16, "0"), parent: parent.padStart(16, "0"),
  name, ms: 40, scope: "llm", ...more } });

/** Spans are nested below that of the invocation, with bars on its axis. Whatever they are called is text. */
export async function waterfall(visit) {
  const { page } = visit;
  const { id } = await visit.invoke([{ sleep_ms: 60 },
    ended("a2", "a1", IMAGE, { ms: 20, error: "no luck", attributes: [["markup", JSON.stringify(IMAGE)]], event: "first token" }),
    ended("a1", "", "ask the model"), ended("a3", "a4", "in a circle"), ended("a4", "a3", "of parents"), { write: "done" }]);
  await visit.open(id, "Trace");
  const row = (name) => visit.panel().locator("tbody > tr", { has: page.locator("summary", { hasText: name }) });
  await row("ask the model").waitFor();
  const depth = async (name) => Number(await row(name).getAttribute("data-depth"));
  equal(await depth("ask the model"), 1, "depth of a span");
  equal(await depth("<img"), 2, "depth of a span in it");
  for (const name of ["in a circle", "of parents"]) equal(await row(name).count(), 1, name);
  assert((await row("<img").locator("> td").nth(1).textContent()).includes("failed"), "a failure in words");
  const [outer, inner] = await Promise.all(["ask the model", "<img"].map((name) => row(name).locator(".span-bar").boundingBox()));
  assert(inner.x > outer.x && inner.width < outer.width, `bars: ${JSON.stringify([outer, inner])}`);
  await row("<img").locator("summary").press("Enter");
  const about = await row("<img").locator("details").textContent();
  for (const text of ["llm", `markup${IMAGE}`, "first token", "no luck"]) assert(about.includes(text), `${text} in ${about}`);
  equal(await visit.panel().locator("img").count(), 0, "elements");
  equal(await page.evaluate(() => window.pwned), undefined, "pwned");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await audit(page, `${colorScheme}, spans`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Makes the pictures of the guide, into the folder of the plan. */
export async function pictures(visit) {
  const { page } = visit;
  await visit.invoke([{ write_headers: { status: 404, headers: [["content-type", "application/json"]] } }, { write: '{"error":"not found"}' }],
    { path: "/orders/17" });
  await visit.invoke([{ write_headers: { status: 200 } }, { write: "part" }, { panic: "no luck" }], { path: "/report" });
  const tokens = ["The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog"];
  const { id } = await visit.invoke(typed("text/event-stream", ...tokens.flatMap((token, n) => [
    { log: { level: "info", message: `token ${n}` } },
    { write: `event: token\ndata: ${JSON.stringify({ n, token })}\n\n` }, { sleep_ms: n === 4 ? 1100 : 60 },
  ]), ended("a2", "a1", "retrieve", { ms: 1500 }), ended("a1", "", "ask the model", { ms: 1620 })), { path: "/chat" });
  await visit.open(id, "Body");
  await visit.panel().locator("[data-kind=event]").first().waitFor();
  await page.locator("[role=slider]").press("ArrowRight");
  await page.screenshot({ path: `${visit.plan.pictures}/console.png` });
  await page.locator("#tab-Trace").click();
  await visit.panel().locator("summary", { hasText: "ask the model" }).waitFor();
  await page.locator("#detail").evaluate((one) => one.scrollTo(0, 1000));
  await page.locator("#detail").screenshot({ path: `${visit.plan.pictures}/trace.png` });
  for (const name of ["console", "trace"]) {
    const { size } = statSync(`${visit.plan.pictures}/${name}.png`);
    assert(size > 15_000, `a picture of ${size} bytes`);
  }
}
