// Connects the parts of the page: what changes, what is chosen, and the keys.

import { Feed, clear, get, invocation, resend } from "./api.js";
import "./compare.js";
import { asCurl, asFixture, asInvoke, exportJson } from "./copy.js";
import "./details.js";
import { button, el, say } from "./dom.js";
import "./edit.js";
import { visible } from "./format.js";
import "./list.js";
import "./timeline.js";

const $ = (selector) => document.querySelector(selector);
const [list, timeline, tabs, edit, compare] =
  ["bs-list", "bs-timeline", "bs-details", "bs-edit", "bs-compare"].map($);
const [filter, keys, connection] = ["#filter", "#keys", "#connection"].map($);

let details = null;
let follows = true;
let marked = null;
let secrets = false;
let endpoint = "";
let wanted = null;
let following = 0;

/** Shows an invocation. Without `id`, nothing. */
async function show(id) {
  wanted = id;
  list.selected = id;
  $("#selected").hidden = !id;
  if (!id) {
    details = null;
    return empty();
  }
  const found = await invocation(id, secrets).catch(() => null);
  if (wanted !== id) return undefined;
  if (!found) return show(null);
  details = found;
  $("#empty").hidden = true;
  return render();
}

function render() {
  details.secrets = secrets;
  say($("#title"), `#${details.number} ${visible(details.request)}`);
  timeline.details = details;
  tabs.details = details;
  const har = $("#har");
  har.href = `/api/invocations/${encodeURIComponent(details.requestId)}.har${secrets ? "?secrets=show" : ""}`;
  har.download = `${details.requestId}.har`;
}

function empty() {
  const hint = $("#empty");
  hint.hidden = false;
  const text = list.rows.length ? "Choose an invocation." : "Nothing has been invoked yet. Run ";
  hint.replaceChildren(text, list.rows.length ? "" : el("code", { text: `curl -N ${endpoint}/` }));
}

function choose(id, isOwnChoice = true) {
  if (!id) return;
  if (isOwnChoice) follows = id === list.shown[0];
  show(id);
}

function step(by) {
  const shown = list.shown;
  const next = shown[Math.min(shown.length - 1, Math.max(0, shown.indexOf(wanted) + by))];
  if (!next) return;
  choose(next);
  list.focusRow(next);
}

const announce = (text) => say($("#live"), text);

async function again() {
  if (!details) return;
  const { requestId } = await resend(details.requestId);
  follows = true;
  announce("sent again");
  choose(requestId, false);
}

async function editAndSend() {
  // The editor needs the event as it is.
  if (details) edit.open(await invocation(details.requestId, true));
}

function mark() {
  if (!details) return;
  const id = details.requestId;
  if (marked && marked !== id) {
    compare.open(marked, id);
    marked = null;
  } else {
    marked = marked === id ? null : id;
    announce(marked ? "marked for comparison: press c on another invocation" : "not marked");
  }
  list.marked = marked;
}

async function copy(name, text) {
  try {
    await navigator.clipboard.writeText(await text());
    announce(`copied as ${name}`);
  } catch {
    announce(`the browser does not let this page copy`);
  }
}

const KEYS = {
  j: () => step(1), k: () => step(-1), Enter: () => timeline.focus(), "/": () => filter.focus(), r: again,
  e: editAndSend, c: mark, x: () => details && exportJson(details.requestId, secrets), "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, dialog");
  const isButton = event.key === "Enter" && event.target.closest("button, a, [role=slider]");
  if (event.key === "Escape" && event.target === filter) list.focusRow(wanted ?? list.shown[0]);
  if (isTyping || isButton || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  Promise.resolve(action()).catch((error) => announce(error.message));
});

$("#actions").append(
  button("Send again", () => again().catch((error) => announce(error.message)), { "aria-keyshortcuts": "r" }),
  button("Edit and send", editAndSend, { "aria-keyshortcuts": "e" }),
  button("Compare", mark, { "aria-keyshortcuts": "c" }),
  button("Copy as curl", () => copy("curl", () => asCurl(details, endpoint))),
  button("Copy as invoke", () => copy("bootstream invoke", () => asInvoke(details))),
  button("Copy as fixture", () => copy("a fixture", () => asFixture(details))),
  button("Export JSON", KEYS.x, { "aria-keyshortcuts": "x" }),
  el("a", { class: "button", id: "har", href: "/", text: "Export HAR" }),
  button("Show secrets", (event) => {
    secrets = !secrets;
    event.target.setAttribute("aria-pressed", String(secrets));
    if (details) show(details.requestId);
  }, { "aria-pressed": "false" }),
);

filter.addEventListener("input", () => { list.filter = filter.value; });
list.addEventListener("choose", ({ detail }) => choose(detail));
list.addEventListener("step", ({ detail }) => step(detail));
list.addEventListener("enter", () => timeline.focus());
edit.addEventListener("sent", ({ detail }) => { follows = true; choose(detail, false); });
$("#help").addEventListener("click", () => keys.showModal());
$("#clear").addEventListener("click", () => clear().catch((error) => announce(error.message)));

const feed = new Feed();
let pending = 0;

feed.addEventListener("state", ({ detail: isUp }) => {
  connection.classList.toggle("lost", !isUp);
  say(connection, isUp ? "live" : "connection lost: is bootstream dev still running? trying again");
  if (isUp) get("/api/functions").then((found) => { endpoint = found.endpoint; if (!wanted) empty(); }, () => {});
});

feed.addEventListener("lagged", () => {
  list.reset();
  marked = null;
  follows = true;
  show(null);
});

feed.addEventListener("invocation", ({ detail: row }) => {
  const isNew = !list.row(row.requestId);
  list.put(row);
  if (isNew && follows) follow();
  // Of one that has ended, all is fetched again.
  if (details?.requestId === row.requestId && row.running) {
    Object.assign(details, row);
    update();
  }
});

feed.addEventListener("chunk", ({ detail }) => merge("timeline", detail));
feed.addEventListener("log", ({ detail }) => merge("logs", detail));

/** Shows the newest invocation, once for all that begin in a moment. */
function follow() {
  following ||= setTimeout(() => {
    following = 0;
    if (follows) choose(list.shown[0], false);
  }, 50);
}

/** Adds what is new to the invocation shown. */
function merge(name, change) {
  if (details?.requestId !== change.requestId) return;
  const items = details[name];
  if (change[name][0].n > items.length) return void show(details.requestId);
  for (const item of change[name]) items[item.n] = item;
  update();
}

/** Draws once for all changes of a moment. */
function update() {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(() => details && render());
}

const announced = new Set();

feed.addEventListener("end", ({ detail: { requestId } }) => {
  const row = list.row(requestId);
  if (row && !announced.has(requestId)) {
    announced.add(requestId);
    if (announced.size > 1000) announced.clear();
    announce(`${row.request} ${row.outcome === "complete" ? "ended" : row.error ?? row.outcome}`);
  }
  if (wanted === requestId) show(requestId);
});

feed.addEventListener("cleared", () => {
  list.clear();
  if (!list.row(wanted)) show(list.shown[0] ?? null);
});

feed.start();
