// The dialog that compares two invocations.

import { bytes, invocation } from "./api.js";
import { button, el, grid } from "./dom.js";
import { hex, ms, size, visible } from "./format.js";
import { gaps, lanes, span } from "./lanes.js";
import { draw } from "./timeline.js";

/** Returns the first byte that differs, or null. What is not kept of both is not compared. */
export function firstDifference(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return at;
  return a.length === b.length ? null : length;
}

/** Returns `[name, left, right]` of each header that differs. */
export function headerDifferences(left, right) {
  const values = (headers, name) =>
    headers.filter(([key]) => key === name).map(([, value]) => value).join(", ") || "–";
  const names = [...new Set([...left, ...right].map(([name]) => name))].sort();
  return names.map((name) => [name, values(left, name), values(right, name)]).filter(([, a, b]) => a !== b);
}

class Compare extends HTMLElement {
  connectedCallback() {
    this.content = el("div");
    this.dialog = el("dialog", { "aria-labelledby": "compare-title" },
      el("h2", { id: "compare-title", tabindex: "-1", autofocus: true, text: "Two invocations" }), this.content,
      el("div", { class: "bar" }, button("Close", () => this.dialog.close())));
    this.append(this.dialog);
  }

  async open(left, right) {
    const both = await Promise.all([invocation(left), invocation(right)]);
    const bodies = await Promise.all(both.map(({ requestId, body: { kept } }) =>
      kept.length ? bytes(requestId, ...kept[0]) : new Uint8Array()));
    const total = Math.max(...both.map(span));
    const canvas = el("canvas", { "aria-hidden": "true" });
    this.content.replaceChildren(
      el("div", { class: "stage", "data-span": total }, canvas),
      el("h3", { text: "Numbers" }), this.#numbers(both),
      el("h3", { text: "Body" }), ...this.#body(both, bodies),
      el("h3", { text: "Headers" }), this.#headers(both));
    this.dialog.showModal();
    const groups = both.map((details) => ({ name: `#${details.number}`, lanes: lanes(details).filter((lane) => lane.isMeasured),
      gaps: gaps(details.timeline) }));
    draw(canvas, groups, total, []);
  }

  #numbers(both) {
    const rows = [
      ["Status", (one) => one.status], ["Outcome", (one) => one.errorType ?? one.outcome],
      ["First byte", (one) => ms(one.firstByteMs)], ["Total", (one) => ms(one.totalMs)],
      ["Bytes", (one) => one.bytes], ["Chunks", (one) => one.chunks], ["Waited for the caller", (one) => ms(one.waitedMs)],
      ["Memory", (one) => (one.usage ? `${one.usage.memoryMib} MiB` : "–")],
    ];
    return this.#table(both, rows.map(([name, of]) => [name, ...both.map((one) => String(of(one) ?? "–"))]));
  }

  #headers(both) {
    const [left, right] = both.map((one) => one.head?.headers ?? []);
    const rows = headerDifferences(left, right).map((row) => row.map(visible));
    return rows.length ? this.#table(both, rows) : el("p", { class: "note", text: "The headers are equal." });
  }

  #table(both, rows) {
    const heads = ["", ...both.map((one) => `#${one.number}`)];
    return el("table", { class: "grid" },
      el("thead", {}, el("tr", {}, heads.map((text) => (text ? el("th", { scope: "col", text }) : el("td"))))),
      el("tbody", {}, rows.map(([name, left, right]) => el("tr", { class: left === right ? "" : "differs" },
        el("th", { scope: "row", text: name }), el("td", { text: left }), el("td", { text: right })))));
  }

  #body(both, bodies) {
    if (both[0].body.sha256 === both[1].body.sha256) {
      return [el("p", { class: "note", text: `The bodies are equal: ${size(both[0].bytes)}.` })];
    }
    const at = firstDifference(...bodies);
    if (at === null) return [el("p", { class: "note", text: "The bodies differ in a part that is not kept." })];
    const from = Math.max(0, at - (at % 16) - 16);
    const rows = bodies.map((body, side) => [`#${both[side].number}`,
      el("pre", { class: "hex", text: hex(body.subarray(from, from + 48), from) || "(ended)" })]);
    return [el("p", { "data-difference": at, text: `The first different byte is at offset ${at}.` }), grid(rows)];
  }
}

customElements.define("bs-compare", Compare);
