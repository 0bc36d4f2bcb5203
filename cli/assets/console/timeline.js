// The timeline: lanes on one axis. Walking it with the arrow keys shows one chunk after the other.

import { bytes } from "./api.js";
import { button, colour, context, el, say } from "./dom.js";
import { hex, micros, size } from "./format.js";
import { gaps, lanes, scale, span } from "./lanes.js";

const [LANE, LABEL, AXIS] = [22, 14, 18];

/** Most rows of a table. */
const MOST_ROWS = 1000;

/** Draws lanes. Returns the function from microseconds to pixels. */
export function draw(canvas, groups, total, cut, chosen) {
  const width = Math.max(200, canvas.parentElement?.clientWidth || 600);
  const rows = groups.flatMap((group) => group.lanes.map((lane) => ({ lane, prefix: group.name })));
  const height = rows.length * (LANE + LABEL) + AXIS;
  canvas.style.height = `${height}px`;
  const ctx = context(canvas, width, height);
  const place = scale(total, cut);
  const x = (time) => 6 + place(time) * (width - 12);
  ctx.font = "11px system-ui, sans-serif";
  for (const gap of cut.length ? cut : groups[0].gaps) {
    ctx.fillStyle = colour("raised");
    ctx.fillRect(x(gap.from), 0, x(gap.to) - x(gap.from), height - AXIS);
  }
  rows.forEach(({ lane, prefix }, row) => {
    const top = row * (LANE + LABEL);
    ctx.fillStyle = colour("soft");
    ctx.fillText(prefix ? `${prefix}: ${lane.name}` : lane.name, 6, top + LABEL - 3);
    lane.waits.forEach(({ from, to }) => hatch(ctx, x(from), top + LABEL, Math.max(2, x(to) - x(from)), LANE - 4));
    ctx.fillStyle = colour(lane.colour);
    lane.marks.forEach((time) => ctx.fillRect(x(time) - 1, top + LABEL, 2, LANE - 4));
    if (lane.end) ctx.fillRect(x(lane.end) - 1, top + LABEL, 3, LANE - 4);
  });
  ctx.fillStyle = colour("soft");
  for (const gap of groups[0].gaps) {
    const text = `${((gap.to - gap.from) / 1e6).toFixed(1)} s`;
    const left = (x(gap.from) + x(gap.to)) / 2 - ctx.measureText(text).width / 2;
    ctx.fillText(text, left, height - 5);
  }
  const end = micros(total);
  ctx.fillText("0", 6, height - 5);
  ctx.fillText(end, width - 6 - ctx.measureText(end).width, height - 5);
  if (chosen) {
    ctx.strokeStyle = colour("text");
    ctx.strokeRect(x(chosen.atSent) - 3.5, 0.5, 7, height - AXIS);
  }
  return x;
}

function hatch(ctx, left, top, width, height) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = colour("hatch");
  ctx.beginPath();
  for (let at = left - height; at < left + width; at += 5) {
    ctx.moveTo(at, top + height);
    ctx.lineTo(at + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

class Timeline extends HTMLElement {
  #details = null;
  #chosen = -1;
  #compressed = false;
  #asTable = false;
  #frame = 0;

  connectedCallback() {
    this.sentence = el("p", { class: "sentence" });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.stage = el("div", { class: "stage", tabindex: "0", role: "slider", "aria-label": "Chunks of the response",
      "aria-valuemin": "0", onkeydown: (event) => this.#key(event),
      onmousemove: (event) => this.#hover(event) }, this.canvas);
    this.compress = button("Cut gaps", () => {
      this.#compressed = !this.#compressed;
      this.compress.setAttribute("aria-pressed", String(this.#compressed));
      this.#draw();
    }, { "aria-pressed": "false" });
    this.toggle = button("Show as table", () => {
      this.#asTable = !this.#asTable;
      this.toggle.setAttribute("aria-pressed", String(this.#asTable));
      this.#table();
    }, { "aria-pressed": "false" });
    this.legend = el("span", { class: "soft", text: "hatched: it waited for the caller" });
    this.chunk = el("p", { class: "chunk mono", role: "status" });
    this.table = el("div", { class: "scroll", hidden: true, tabindex: "0", role: "region", "aria-label": "Chunks" });
    this.append(this.sentence, this.stage, el("div", { class: "bar" }, this.compress, this.toggle, this.legend),
      this.chunk, this.table);
    new ResizeObserver(() => this.#schedule()).observe(this.stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#schedule());
  }

  set details(details) {
    if (this.#details?.requestId !== details.requestId) this.#chosen = -1;
    this.#details = details;
    say(this.sentence, details.predicted?.sentence ?? (details.running ? "running" : ""));
    const last = Math.max(0, details.timeline.length - 1);
    this.stage.setAttribute("aria-valuemax", String(last));
    this.stage.setAttribute("aria-valuenow", String(Math.max(0, this.#chosen)));
    this.stage.setAttribute("aria-valuetext", `${details.timeline.length} chunks`);
    this.#schedule();
    if (this.#asTable) this.#table();
    if (this.#chosen < 0) say(this.chunk, details.timeline.length ? "Arrow keys or the mouse choose a chunk." : "");
  }

  focus() {
    this.stage.focus();
  }

  #schedule() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const details = this.#details;
    if (!details) return;
    const found = gaps(details.timeline);
    const groups = [{ name: "", lanes: lanes(details), gaps: found }];
    this.dataset.lanes = groups[0].lanes.map((lane) => lane.name).join(", ");
    this.dataset.wrote = details.guest?.writes.length ?? "";
    this.dataset.waits = groups[0].lanes.find((lane) => lane.name === "from the runtime").waits.length;
    this.x = draw(this.canvas, groups, span(details), this.#compressed ? found : [], details.timeline[this.#chosen]);
  }

  #hover(event) {
    const chunks = this.#details?.timeline ?? [];
    if (!chunks.length || !this.x) return;
    const at = event.offsetX;
    let best = 0;
    chunks.forEach((chunk, n) => {
      if (Math.abs(this.x(chunk.atSent) - at) < Math.abs(this.x(chunks[best].atSent) - at)) best = n;
    });
    this.#choose(best);
  }

  #key(event) {
    const last = (this.#details?.timeline.length ?? 0) - 1;
    const next = { ArrowRight: this.#chosen + 1, ArrowUp: this.#chosen + 1, ArrowLeft: this.#chosen - 1,
      ArrowDown: this.#chosen - 1, Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.#choose(Math.min(last, Math.max(0, next)));
  }

  async #choose(n) {
    if (n === this.#chosen) return;
    this.#chosen = n;
    const { timeline, requestId } = this.#details;
    const chunk = timeline[n];
    const joined = chunk.joined > 1 ? ` (${chunk.joined} joined)` : "";
    const text = `Chunk ${n}${joined}: from the runtime ${micros(chunk.atRuntime)}, on the wire ${micros(chunk.atSent)}, ` +
      `caller took ${micros(chunk.atTaken)}, ${size(chunk.bytes)} at offset ${chunk.offset}.`;
    this.stage.setAttribute("aria-valuenow", String(n));
    this.stage.setAttribute("aria-valuetext", text);
    say(this.chunk, text);
    this.#schedule();
    const head = await bytes(requestId, chunk.offset, chunk.offset + Math.min(16, chunk.bytes)).catch(() => null);
    if (head && this.#chosen === n) say(this.chunk, `${text} ${hex(head, chunk.offset).trimEnd()}`);
  }

  #table() {
    this.table.hidden = !this.#asTable;
    if (!this.#asTable) return;
    const { timeline, guest } = this.#details;
    const tables = [rows("Chunks", ["Chunk", "From the runtime", "On the wire", "Caller took", "Bytes", "Offset"], timeline,
      (chunk) => [chunk.n, micros(chunk.atRuntime), micros(chunk.atSent), micros(chunk.atTaken), chunk.bytes, chunk.offset])];
    if (guest) {
      tables.unshift(
        rows("Writes of the function", ["Began", "Bytes", "Writes"], guest.writes, (it) => [micros(it.at), it.bytes, it.joined]),
        rows("Waits of its writes", ["From", "To"], guest.waits, (it) => [micros(it.from), micros(it.to)]));
    }
    const top = this.table.scrollTop;
    this.table.replaceChildren(...tables);
    this.table.scrollTop = top;
  }
}

/** A table of the first of many items. */
function rows(caption, heads, items, cells) {
  const body = items.slice(0, MOST_ROWS).map((item) =>
    el("tr", {}, cells(item).map((text) => el("td", { text: String(text) }))));
  return el("table", { class: "grid" }, el("caption", { text: caption }),
    el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col", text })))), el("tbody", {}, body));
}

customElements.define("bs-timeline", Timeline);
