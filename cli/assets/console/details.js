// The tabs about one invocation.

import "./body.js";
import { button, el, grid, pre } from "./dom.js";
import { clock, micros, ms, pretty, size, visible } from "./format.js";
import { waterfall } from "./trace.js";

const TABS = ["Summary", "Request", "Event", "Response", "Body", "Logs", "Error", "Outbound", "Trace"];

const DOORS = { url: "Function URL", rest: "REST API", http: "HTTP API", alb: "load balancer",
  "alb-multi": "load balancer with multi-value headers", lattice: "VPC Lattice", invoke: "/invoke",
  sdk: "Invoke, from an SDK", "sdk-stream": "InvokeWithResponseStream, from an SDK" };

const REMAPPED = "x-amzn-remapped-";

class Details extends HTMLElement {
  #details = null;
  #tab = "Summary";
  #drawn = "";

  connectedCallback() {
    this.list = el("div", { role: "tablist", "aria-label": "About the invocation",
      onkeydown: (event) => this.#key(event) });
    for (const name of TABS) {
      this.list.append(button(name, () => this.#choose(name), { role: "tab", id: `tab-${name}`,
        "aria-controls": "panel" }));
    }
    this.panel = el("div", { role: "tabpanel", id: "panel", tabindex: "0" });
    this.append(this.list, this.panel);
    this.#mark();
  }

  set details(details) {
    const isOther = this.#details?.requestId !== details.requestId;
    this.#details = details;
    const failed = this.list.querySelector("#tab-Error");
    failed.classList.toggle("bad", Boolean(details.error));
    if (isOther) this.#drawn = "";
    this.#draw();
  }

  #choose(name) {
    this.#tab = name;
    this.#mark();
    this.#drawn = "";
    this.#draw();
  }

  #mark() {
    for (const tab of this.list.children) {
      const isChosen = tab.textContent === this.#tab;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${this.#tab}`);
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(this.#tab) + step + TABS.length) % TABS.length];
    this.#choose(next);
    this.list.querySelector(`#tab-${next}`).focus();
  }

  /** Draws the tab if what it shows has changed. Leaves alone what has the focus. */
  #draw() {
    const details = this.#details;
    if (!details) return;
    const inside = this.panel !== document.activeElement && this.panel.contains(document.activeElement);
    if (inside && this.#drawn) return;
    const shown = { Summary: details.chunks, Logs: details.logs.length, Body: details.running ? "" : details.chunks,
      Outbound: details.outbound.length, Trace: details.spans.length }[this.#tab] ?? "";
    const key = `${details.requestId} ${this.#tab} ${shown} ${details.running} ${details.secrets} ${Boolean(details.usage)}` +
      ` ${Boolean(details.head)}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.panel.replaceChildren(...this[`_${this.#tab}`](details));
  }

  _Summary(it) {
    return [grid([
      ["Request", visible(it.request)], ["Request id", it.requestId], ["Function", it.function],
      ["Front end", DOORS[it.door] ?? it.door], ["Time", clock(it.startedAt)], ["Status", it.status],
      ["Outcome", it.running ? "running" : it.error ? visible(it.error) : it.outcome],
      ["First byte", ms(it.firstByteMs)], ["Total", it.running ? "…" : ms(it.totalMs)],
      ["Response", `${size(it.bytes)} in ${it.chunks} ${it.chunks === 1 ? "chunk" : "chunks"}`],
      ["Waited for the caller", ms(it.waitedMs)],
      ["Process", it.process ? `${it.process.pid}${it.process.cold ? ", its first invocation (cold)" : ""}` : "–"],
      ["Handler", it.process?.handlerSha256 ? `SHA-256 ${it.process.handlerSha256}` : "–"],
      ["Settings", it.process ? `${it.process.memoryMib} MiB, timeout ${it.process.timeoutSeconds} s` : "–"],
      ["Used", it.usage ? `${it.usage.memoryMib} MiB of memory, ${it.usage.milliseconds} ms` : "–"],
      ["Sent again from", it.resentFrom],
    ]), ...it.warnings.map((text) => el("p", { class: "warn", text: `warning: ${visible(text)}` }))];
  }

  _Request(it) {
    const { method, target, headers } = it.requestHead;
    const children = [el("p", { class: "mono", text: `${method} ${visible(target)}` }), this.#headers(headers)];
    if (it.requestBodyBytes) {
      const text = it.requestBody.text ?? `base64: ${it.requestBody.base64}`;
      children.push(el("h3", { text: `Body, ${size(it.requestBodyBytes)}` }), pre(visible(text), "Body of the request"));
    }
    return children;
  }

  _Event(it) {
    return [pre(visible(pretty(it.event)), "Event"), el("h3", { text: "Context, as headers of the Runtime API" }),
      this.#headers(it.context)];
  }

  _Response(it) {
    if (!it.head) return [el("p", { class: "note", text: `No head from the function. The caller got ${it.status ?? "nothing"}.` })];
    const cookies = it.head.headers.filter(([name]) => name === "set-cookie");
    const remapped = it.head.headers.filter(([name]) => name.startsWith(REMAPPED));
    const rest = it.head.headers.filter(([name]) => name !== "set-cookie");
    return [
      el("h3", { text: it.prelude ? "Prelude, as the function sent it" : "No prelude" }),
      it.prelude ? pre(visible(pretty(it.prelude)), "Prelude") : null,
      el("h3", { text: `As ${DOORS[it.door] ?? it.door} made it: ${it.head.status} ${visible(it.head.reason ?? "")}` }),
      this.#headers(rest),
      el("h3", { text: `Cookies: ${cookies.length}` }), this.#headers(cookies),
      el("h3", { text: `Renamed by the front end: ${remapped.length}` }),
      this.#headers(remapped.map(([name]) => [name.slice(REMAPPED.length), name])),
    ].filter(Boolean);
  }

  _Body(it) {
    if (it.running) return [el("p", { class: "note", text: "The body is shown when the response has ended." })];
    if (!it.body.bytes) return [el("p", { class: "note", text: "The response has no body." })];
    const body = el("bs-body");
    queueMicrotask(() => body.load(it).catch((error) => body.replaceChildren(error.message)));
    return [body];
  }

  _Logs(it) {
    const lines = it.logs.map((line) => el("div", { class: "log" },
      el("time", { text: micros(line.at) }),
      el("span", { class: { ERROR: "bad", WARN: "warn" }[line.level] ?? "", text: visible(line.line) })));
    if (it.logsDropped) lines.push(el("p", { class: "note", text: `${it.logsDropped} more lines are not kept.` }));
    return lines.length ? lines : [el("p", { class: "note", text: "No output." })];
  }

  _Error(it) {
    if (!it.error) return [el("p", { class: "note", text: it.running ? "Still running." : "No error." })];
    if (!it.failure) return [el("p", { class: "bad", text: visible(it.error) })];
    const frames = it.failure.stackTrace.map((frame) => el("li", { class: "mono", text: visible(frame) }));
    return [
      el("p", { class: "bad" }, el("strong", { text: visible(it.failure.type) })),
      el("p", { text: visible(it.failure.message) }),
      frames.length ? el("ol", { class: "frames" }, frames) : el("p", { class: "note", text: "No frames." }),
      el("h3", { text: "Error document" }), pre(visible(pretty(it.failure.document)), "Error document"),
    ];
  }

  _Outbound(it) {
    if (!it.outbound.length) return [el("p", { class: "note", text: "No outbound requests." })];
    const heads = ["At", "Request", "Status", "Connection", "First byte", "Total", "Out", "In"];
    const rows = it.outbound.map((call) => [micros(call.at), `${call.method} ${call.destination}`, call.status ?? "none",
      call.connection ?? "–", ms(call.firstByteMs), ms(call.totalMs), size(call.bytesOut), size(call.bytesIn)]);
    return [el("table", { class: "grid" },
      el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col", text })))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((text) => el("td", { text: visible(String(text)) }))))))];
  }

  _Trace(it) {
    return waterfall(it);
  }

  #headers(headers) {
    if (!headers.length) return el("p", { class: "note", text: "none" });
    return grid(headers.map(([name, value]) => [name, visible(value)]));
  }
}

customElements.define("bs-details", Details);
