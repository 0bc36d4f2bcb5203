// The list of invocations: a grid with one tab stop, newest first.

import { colour, context, el, say } from "./dom.js";
import { clock, ms, size, visible } from "./format.js";

const COLUMNS = [
  ["number", "#"], ["time", "Time"], ["request", "Request"], ["function", "Function"], ["status", "Status"],
  ["strip", "Stream"], ["first", "First byte"], ["total", "Total"], ["size", "Size"],
];

/** Most rows, as many as the server keeps. */
const MOST = 200;

/** What is remarkable about an invocation: text and class. */
export function badges(row) {
  const found = [];
  if (row.running) found.push(["running", "soft growing"]);
  if (row.cold) found.push(["cold", "soft"]);
  if (row.failedInStream) found.push(["failed in mid-stream", "bad"]);
  else if (row.outcome === "failed") found.push(["failed", "bad"]);
  if (row.errorType === "Client.Disconnected" || row.outcome === "abandoned") found.push(["cut", "warn"]);
  if (row.outcome === "rejected") found.push(["rejected", "warn"]);
  if (row.slowReader) found.push(["slow reader", "warn"]);
  if (row.resentFrom) found.push(["resent", "soft"]);
  return found;
}

/** Returns whether a row matches the words of a filter. */
export function matches(row, filter) {
  return filter.toLowerCase().split(/\s+/).filter(Boolean).every((word) => {
    const status = String(row.status ?? "");
    if (word.startsWith("status:")) {
      const wanted = word.slice(7);
      return wanted.endsWith("xx") ? status[0] === wanted[0] : status.startsWith(wanted);
    }
    if (word.startsWith("fn:")) return row.function.toLowerCase().includes(word.slice(3));
    if (word.startsWith("door:")) return row.door.startsWith(word.slice(5));
    const text = `${row.request} ${row.requestId} ${row.error ?? ""} ${badges(row).map(([name]) => name).join(" ")}`;
    return text.toLowerCase().includes(word);
  });
}

/** Draws all changed rows in one animation frame: hundreds of short invocations may arrive between two frames. */
class List extends HTMLElement {
  #rows = new Map();
  #changed = new Set();
  #frame = 0;
  #filter = "";
  #selected = null;
  #marked = null;
  #functions = new Set();

  connectedCallback() {
    const heads = COLUMNS.map(([name, text]) => el("th", { scope: "col", class: `c-${name}`, text }));
    this.body = el("tbody", {
      onclick: (event) => this.#choose(event.target.closest("tr")),
      onkeydown: (event) => this.#key(event),
    });
    this.append(el("table", { role: "grid", "aria-label": "Invocations" },
      el("thead", {}, el("tr", {}, heads)), this.body));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  get rows() {
    return Array.from(this.#rows.values(), ({ row }) => row);
  }

  /** The ids in the order shown. */
  get shown() {
    this.#draw();
    return Array.from(this.body.rows).filter((tr) => !tr.hidden).map((tr) => tr.dataset.id);
  }

  row(id) {
    return this.#rows.get(id)?.row;
  }

  put(row) {
    const entry = this.#rows.get(row.requestId) ?? {};
    entry.row = row;
    this.#rows.set(row.requestId, entry);
    this.#functions.add(row.function);
    this.#changed.add(entry);
    this.#trim();
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  clear() {
    for (const [id, { row }] of this.#rows) if (!row.running) this.#remove(id);
  }

  reset() {
    for (const id of [...this.#rows.keys()]) this.#remove(id);
  }

  set filter(text) {
    this.#filter = text;
    for (const { tr, row } of this.#drawn()) tr.hidden = !matches(row, text);
    this.#tabStop();
  }

  set selected(id) {
    this.#selected = id;
    for (const { tr, row } of this.#drawn()) tr.setAttribute("aria-selected", String(row.requestId === id));
    this.#tabStop();
  }

  set marked(id) {
    this.#marked = id;
    for (const { tr, row } of this.#drawn()) tr.classList.toggle("marked", row.requestId === id);
  }

  focusRow(id) {
    this.#draw();
    const tr = this.#rows.get(id)?.tr;
    tr?.focus({ preventScroll: true });
    tr?.scrollIntoView({ block: "nearest" });
  }

  redraw() {
    for (const entry of this.#drawn()) this.#strip(entry);
  }

  /** The rows, drawn as they are now. */
  #drawn() {
    this.#draw();
    return this.#rows.values();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#changed.size === 0) return;
    this.classList.toggle("several", this.#functions.size > 1);
    for (const entry of this.#changed) {
      if (!entry.tr) this.#insert(entry);
      this.#fill(entry);
    }
    this.#changed.clear();
    this.#tabStop();
  }

  #insert(entry) {
    Object.assign(entry, this.#create(entry.row));
    const later = Array.from(this.body.rows).find((tr) => Number(tr.dataset.number) < entry.row.number);
    this.body.insertBefore(entry.tr, later ?? null);
  }

  #create(row) {
    const cells = {};
    for (const [name] of COLUMNS) cells[name] = el("td", { class: `c-${name}` });
    const canvas = el("canvas", { "aria-hidden": "true" });
    cells.strip.append(canvas);
    const name = el("span", { class: "badges" });
    const marks = el("span", { class: "badges" });
    cells.request.append(name, marks);
    const tr = el("tr", { tabindex: "-1", "aria-selected": "false", "data-id": row.requestId,
      "data-number": row.number }, Object.values(cells));
    return { tr, cells, canvas, name, marks, text: "" };
  }

  #fill(entry) {
    const { row, cells } = entry;
    say(cells.number, String(row.number));
    say(cells.time, clock(row.startedAt));
    say(entry.name, visible(row.request));
    entry.name.title = visible(row.request);
    say(cells.function, row.function);
    say(cells.status, String(row.status ?? "…"));
    cells.status.className = `c-status ${row.status >= 400 ? "bad" : ""}`;
    say(cells.first, ms(row.firstByteMs));
    say(cells.total, row.running ? "…" : ms(row.totalMs));
    say(cells.size, size(row.bytes));
    const marks = badges(row);
    const text = marks.map(([name]) => name).join();
    if (text !== entry.text) {
      entry.text = text;
      entry.marks.replaceChildren(...marks.map(([name, cls]) => el("span", { class: `badge ${cls}`, text: name })));
    }
    entry.tr.classList.toggle("marked", row.requestId === this.#marked);
    entry.tr.setAttribute("aria-selected", String(row.requestId === this.#selected));
    entry.tr.hidden = !matches(row, this.#filter);
    this.#strip(entry);
  }

  #strip({ row, canvas }) {
    const [width, height] = [120, 16];
    const ctx = context(canvas, width, height);
    const most = Math.max(1, ...row.strip);
    ctx.fillStyle = colour(row.outcome === "failed" ? "bad" : "accent");
    row.strip.forEach((bytes, step) => {
      if (bytes === 0) return;
      const tall = 4 + (height - 4) * (Math.log1p(bytes) / Math.log1p(most));
      ctx.fillRect((step * width) / row.strip.length, height - tall, width / row.strip.length - 0.5, tall);
    });
    canvas.dataset.filled = row.strip.filter((bytes) => bytes > 0).length;
  }

  #trim() {
    if (this.#rows.size <= MOST) return;
    const ended = Array.from(this.#rows.values()).filter(({ row }) => !row.running);
    ended.sort((a, b) => a.row.number - b.row.number);
    for (const { row } of ended.slice(0, this.#rows.size - MOST)) this.#remove(row.requestId);
  }

  #remove(id) {
    const entry = this.#rows.get(id);
    this.#rows.delete(id);
    this.#changed.delete(entry);
    const { tr } = entry;
    if (!tr) return;
    const hadFocus = tr.contains(document.activeElement);
    const next = tr.nextElementSibling ?? tr.previousElementSibling;
    tr.remove();
    if (hadFocus) (next ?? document.getElementById("filter")).focus({ preventScroll: true });
  }

  /** Keeps exactly one row in the tab order. */
  #tabStop() {
    const shown = Array.from(this.body.rows).filter((tr) => !tr.hidden);
    const stop = shown.find((tr) => tr.contains(document.activeElement)) ??
      shown.find((tr) => tr.dataset.id === this.#selected) ?? shown[0];
    for (const tr of this.body.rows) {
      const index = tr === stop ? 0 : -1;
      if (tr.tabIndex !== index) tr.tabIndex = index;
    }
  }

  #choose(tr) {
    if (!tr) return;
    tr.focus({ preventScroll: true });
    this.dispatchEvent(new CustomEvent("choose", { detail: tr.dataset.id }));
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("step", { detail: step }));
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const shown = this.shown;
      this.dispatchEvent(new CustomEvent("choose", { detail: event.key === "Home" ? shown[0] : shown.at(-1) }));
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("enter"));
    }
  }
}

customElements.define("bs-list", List);
