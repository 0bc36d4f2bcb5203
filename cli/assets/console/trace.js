// The spans of an invocation as a waterfall.

import { el, grid } from "./dom.js";
import { micros, visible } from "./format.js";

/** Deepest level that is indented further. */
const DEEPEST = 8;

/** Width of a level, in characters. */
const INDENT = 2;

/**
 * Returns `[span, depth]` of each span, children behind their parents. A span whose parent is not there is on top, and so
 * is the first of a circle of parents.
 */
export function nested(spans) {
  const ids = new Set(spans.map((span) => span.id));
  const top = spans.filter((span) => !ids.has(span.parent));
  const [found, seen] = [[], new Set()];
  const add = (span, depth) => {
    if (seen.has(span.id)) return;
    seen.add(span.id);
    found.push([span, depth]);
    for (const child of spans) if (child.parent === span.id) add(child, depth + 1);
  };
  for (const span of [...top, ...spans]) add(span, 0);
  return found;
}

/** What a span says about itself, behind its name. */
function about(span) {
  const rows = [["Kind", span.kind], ["Scope", span.scope || "–"], ["Id", span.id], ["Parent", span.parent],
    ...span.attributes, ...span.events.map((event) => [`event at ${micros(event.at)}`, event.name])];
  return grid(rows.map(([name, value]) => [visible(name), value === null ? null : visible(value)]));
}

/** Where a span is, of an axis of this length. */
function bar(span, total) {
  const share = (at) => (100 * Math.min(total, Math.max(0, at))) / total;
  const mark = el("div", { class: `span-bar ${span.failed ? "failed" : span.kind}` });
  // The policy of the page forbids styles in markup.
  mark.style.marginLeft = `${share(span.at)}%`;
  mark.style.width = `${share(span.endedAt) - share(span.at)}%`;
  return el("td", { class: "c-bar", "aria-hidden": "true" }, mark);
}

function row([span, depth], total) {
  const name = el("th", { scope: "row" },
    el("details", {}, el("summary", { text: visible(span.name || "(no name)") }), about(span)));
  name.style.paddingLeft = `${1 + Math.min(depth, DEEPEST) * INDENT}ch`;
  const took = micros(span.endedAt - span.at);
  return el("tr", { "data-depth": depth }, name, el("td", { text: micros(span.at) }),
    el("td", { class: span.failed ? "bad" : "", text: span.failed ? `${took}, failed` : took }), bar(span, total));
}

/** Returns the elements of the tab. */
export function waterfall({ spans, spansDropped, running, totalMs }) {
  const note = (text) => el("p", { class: "note", text });
  if (!spans.length) {
    return [note(running ? "Spans are told when the invocation has ended." : "Its process has told no spans.")];
  }
  const total = Math.max(1, (totalMs ?? 0) * 1000, ...spans.map((span) => span.endedAt));
  const heads = ["Span", "Began", "Took"].map((text) => el("th", { scope: "col", text }));
  const table = el("table", { class: "grid trace" },
    el("thead", {}, el("tr", {}, heads, el("td", { class: "c-bar", "aria-hidden": "true", text: `0 to ${micros(total)}` }))),
    el("tbody", {}, nested(spans).map((one) => row(one, total))));
  return [
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Spans" }, table),
    spansDropped ? note(`${spansDropped} more spans are not kept.`) : null,
  ].filter(Boolean);
}
