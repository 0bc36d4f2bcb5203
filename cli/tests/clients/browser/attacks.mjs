// Other pages, and hostile functions.

import { createServer } from "node:http";

import { assert, equal, sleep, until } from "./console.mjs";

/** A page of another origin reaches nothing: neither by name nor by any element. */
export async function foreignPages(visit) {
  const target = visit.console;
  const page = `<!doctype html><title>evil</title><body>
    <img src="${target}/api/invocations"><script src="${target}/api/invocations"></script>
    <iframe id="f" src="${target}/"></iframe>
    <form id="form" method="post" target="f" enctype="text/plain" action="${target}/api/invocations/x/resend"></form></body>`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  server.unref();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const other = `http://127.0.0.1:${server.address().port}/`;
  const { id } = await visit.invoke([{ write: "secret answer" }]);
  const before = (await visit.api("/api/invocations")).invocations.length;
  const evil = await visit.context.newPage();
  const answers = [];
  evil.on("response", (response) => response.url().startsWith(target) && answers.push(response.status()));
  await evil.goto(other);
  const seen = await evil.evaluate(async ([target, id]) => {
    const tried = async (path, options) => {
      try {
        const response = await fetch(target + path, options);
        return response.type === "opaque" ? `opaque ${response.status}` : await response.text();
      } catch {
        return "blocked";
      }
    };
    document.getElementById("form").submit();
    const events = await new Promise((done) => {
      const source = new EventSource(`${target}/api/events`);
      source.onmessage = () => done("read");
      source.onerror = () => { source.close(); done("blocked"); };
    });
    return [
      events,
      await tried("/api/invocations"),
      await tried(`/api/invocations/${id}/body`),
      await tried(`/api/invocations/${id}/resend`, { method: "POST", headers: { "content-type": "application/json", "x-bootstream-console": "1" }, body: "{}" }),
      await tried("/api/invocations", { method: "DELETE" }),
      await tried(`/api/invocations/${id}/resend`, { method: "POST", mode: "no-cors", body: "{}" }),
    ];
  }, [target, id]);
  equal(seen, ["blocked", "blocked", "blocked", "blocked", "blocked", "blocked"], "what the page got");
  await sleep(100);
  assert(answers.length > 0 && answers.every((status) => status === 403 || status === 405), `statuses ${answers}`);
  // A name of the attacker that leads here.
  for (const origin of [visit.console, visit.front]) {
    const rebound = await evil.goto(`${origin.replace("127.0.0.1", "evil.test")}/`);
    equal(rebound.status(), 403, "a rebound name");
  }
  await evil.close();
  server.close();
  const { invocations } = await visit.api("/api/invocations");
  equal(invocations.length, before, "invocations");
}

/** What a function answers, logs and puts into headers is text. */
export async function hostile(visit) {
  const script = `<script>window.pwned=1;fetch('${visit.console}/api/invocations')</script>`;
  const image = `<img src=x onerror="window.pwned=1">`;
  const { id } = await visit.invoke([
    { eprint: `${image}\n` },
    { write_headers: { status: 200, headers: [["content-type", "text/html"], ["x-markup", image]] } },
    { write: script }, { panic: image },
  ], { path: `/${encodeURIComponent(image)}` });
  await visit.page.evaluate(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.blockedURI));
  });
  await visit.open(id);
  for (const tab of ["Summary", "Request", "Event", "Response", "Body", "Logs", "Error", "Outbound", "Trace"]) {
    await visit.page.locator(`#tab-${tab}`).click();
    await sleep(60);
    equal(await visit.panel().locator("img, script, iframe").count(), 0, `${tab}: elements`);
  }
  await visit.page.locator("#tab-Logs").click();
  await until(async () => (await visit.panel().textContent()).includes(image), "the log as text");
  equal(await visit.page.evaluate(() => [window.pwned ?? null, window.violations]), [null, []], "pwned");
  // The same page, served where its function serves it, reads nothing.
  const victim = await visit.context.newPage();
  const answers = [];
  victim.on("response", (response) => response.url().startsWith(visit.console) && answers.push(response.status()));
  const body = JSON.stringify({ steps: [{ write_headers: { status: 200, headers: [["content-type", "text/html"]] } },
    { write: script.replace("fetch(", "window.found=fetch(") }] });
  await victim.route(`${visit.front}/served`, (route) =>
    route.continue({ method: "POST", postData: body, headers: { "content-type": "application/json" } }));
  await victim.goto(`${visit.front}/served`);
  const read = await victim.evaluate(() => window.found.then((response) => response.text(), () => "blocked"));
  equal(read, "blocked", "what the page of the function read");
  assert(answers.every((status) => status === 403), `statuses ${answers}`);
  await victim.close();
}
