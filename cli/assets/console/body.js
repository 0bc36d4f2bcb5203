// The body of a response: as text, events, lines of JSON, JSON, bytes or a picture.

import { bytes } from "./api.js";
import { button, el, pre } from "./dom.js";
import { hex, pretty, size, visible } from "./format.js";
import { cuts, parse, splitCharacters } from "./sse.js";

/** Shown at once of a long text, in bytes. More is behind a button. */
const STEP = 16 * 1024;

/** Shown at once of a hex dump, in bytes. */
const HEX_STEP = 4 * 1024;

/** Most events and lines shown at once. */
const MOST = 500;

const PICTURES = { "image/png": [0x89, 0x50], "image/jpeg": [0xff, 0xd8], "image/gif": [0x47, 0x49],
  "image/webp": [0x52, 0x49] };

const VIEWS = { text: "Text", sse: "Events", ndjson: "NDJSON", json: "JSON", hex: "Hex", image: "Picture" };

/** Returns the view for a content type and the first bytes. */
export function viewOf(contentType, first) {
  const type = contentType.split(";")[0].trim().toLowerCase();
  const begins = PICTURES[type];
  if (begins && begins.every((byte, at) => first[at] === byte)) return "image";
  if (type === "text/event-stream") return "sse";
  if (/^application\/(x-)?(ndjson|jsonl|jsonlines)$/.test(type)) return "ndjson";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (type.startsWith("text/") || type === "image/svg+xml" || type === "application/xml") return "text";
  return isText(first) ? "text" : "hex";
}

function isText(first) {
  const text = new TextDecoder().decode(first.subarray(0, 512), { stream: true });
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
}

class Body extends HTMLElement {
  #details = null;
  #parts = [];
  #view = null;
  #url = null;
  #run = 0;

  connectedCallback() {
    this.select = el("select", { id: "view", onchange: () => this.#show(this.select.value) },
      Object.entries(VIEWS).map(([value, text]) => el("option", { value, text })));
    this.notes = el("div");
    this.content = el("div");
    this.append(el("div", { class: "bar" }, el("label", { for: "view", text: "Show as" }), this.select), this.notes,
      this.content);
  }

  disconnectedCallback() {
    URL.revokeObjectURL(this.#url);
  }

  /** Loads what is kept of the body. */
  async load(details) {
    this.#details = details;
    this.#run += 1;
    const run = this.#run;
    const kept = details.body.kept;
    const parts = await Promise.all(kept.map(([from, to]) => bytes(details.requestId, from, to)));
    if (run !== this.#run) return;
    this.#parts = parts;
    const type = details.head?.headers.find(([name]) => name === "content-type")?.[1] ?? "";
    this.#view = viewOf(type, parts[0] ?? new Uint8Array());
    this.select.value = this.#view;
    this.#show(this.#view);
  }

  #show(view) {
    const { body, timeline } = this.#details;
    const first = this.#parts[0] ?? new Uint8Array();
    const notes = [`${size(body.bytes)}, SHA-256 ${body.sha256}`];
    if (this.#parts.length > 1) {
      notes.push(`The first ${size(first.length)} of ${size(body.bytes)} and the last ${size(this.#parts[1].length)} are kept.`);
    }
    const split = splitCharacters(first, timeline);
    if (split && view !== "hex" && view !== "image") {
      notes.push(`${split} ${split === 1 ? "character is" : "characters are"} split over chunks.`);
    }
    this.notes.replaceChildren(...notes.map((text) => el("p", { class: "note", text })));
    this.content.replaceChildren(...this[`_${view}`](first));
  }

  _text(first) {
    const decode = (bytes) => visible(new TextDecoder().decode(bytes));
    return this.#long(first, STEP, decode, "Body as text");
  }

  _hex(first) {
    return this.#long(first, HEX_STEP, hex, "Body as bytes", "hex");
  }

  _json(first) {
    if (first.length > 16 * STEP) return this._text(first);
    return [pre(visible(pretty(new TextDecoder().decode(first))), "Body as JSON")];
  }

  _ndjson(first) {
    const lines = new TextDecoder().decode(first).split("\n").filter((line) => line.trim() !== "");
    return [...this.#more(lines.length), ...lines.slice(0, MOST).map((line, at) => {
      let cls = "message mono";
      try {
        JSON.parse(line);
      } catch {
        cls += " bad";
      }
      return el("div", { class: cls, text: `${at + 1}  ${visible(line)}` });
    })];
  }

  _sse(first) {
    const found = parse(first);
    return [...this.#more(found.length), ...found.slice(0, MOST).map((part) => {
      if (part.kind !== "event") {
        return el("div", { class: "message mono soft", "data-kind": part.kind, text: `${part.kind}: ${visible(part.text)}` });
      }
      const split = cuts(this.#details.timeline, part.from, part.to).length;
      const head = [`event ${part.event}`, part.id && `id ${part.id}`, split && `over ${split + 1} chunks`,
        part.open && "not ended"].filter(Boolean).join(" · ");
      const data = part.data.length < STEP ? pretty(part.data) : part.data;
      return el("div", { class: "message", "data-kind": "event", "data-event": part.event, "data-id": part.id,
        "data-split": split }, el("div", { class: "soft mono", text: visible(head) }),
        el("pre", { class: "data", text: visible(data) }));
    })];
  }

  _image(first) {
    const type = Object.keys(PICTURES).find((name) => PICTURES[name].every((byte, at) => first[at] === byte));
    if (!type) return this._hex(first);
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(new Blob([first], { type }));
    return [el("img", { class: "picture", src: this.#url, alt: "The body as a picture" })];
  }

  #more(number) {
    return number > MOST ? [el("p", { class: "note", text: `The first ${MOST} of ${number}.` })] : [];
  }

  /** Shows the beginning and the end of long content. */
  #long(first, step, show, label, cls) {
    const region = pre(show(first.subarray(0, step), 0), label, cls);
    const children = [region];
    let shown = Math.min(step, first.length);
    const more = button("", () => {
      const next = first.subarray(shown, shown + step);
      region.append(`${cls === "hex" ? "\n" : ""}${show(next, shown)}`);
      shown += next.length;
      update();
    });
    const update = () => {
      more.textContent = `Show ${size(Math.min(step, first.length - shown))} more`;
      if (shown >= first.length && more.isConnected) {
        region.focus();
        more.remove();
      }
    };
    update();
    if (shown < first.length) children.push(more);
    const last = this.#parts[1];
    if (last) {
      const tail = last.subarray(Math.max(0, last.length - step));
      const offset = this.#details.body.bytes - tail.length;
      children.push(el("p", { class: "note", text: `The last ${size(tail.length)}, from byte ${offset}:` }),
        pre(show(tail, offset), `${label}: the end`, cls));
    }
    return children;
  }
}

customElements.define("bs-body", Body);
