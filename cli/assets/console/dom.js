// Builds elements. Text is only ever set as text: what functions and callers send is never markup.

/** Creates an element. `props` are attributes, except `class`, `text` and listeners such as `onclick`. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replaces text without touching the page if it is the same. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function button(text, onclick, props = {}) {
  return el("button", { type: "button", text, onclick, ...props });
}

/** A table of names and values. */
export function grid(rows, caption) {
  const body = rows.map(([name, value, cls]) =>
    el("tr", { class: cls }, el("th", { scope: "row", text: name }),
      el("td", {}, value instanceof Node ? value : String(value ?? "–"))));
  return el("table", { class: "grid" },
    caption ? el("caption", { class: "unseen", text: caption }) : null, el("tbody", {}, body));
}

/** A region that scrolls, and can be scrolled with the keyboard. */
export function pre(text, label, cls = "") {
  return el("pre", { class: cls, tabindex: "0", role: "region", "aria-label": label, text });
}

/** The value of a colour of the style sheet. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Returns a drawing context in CSS pixels. */
export function context(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const ctx = canvas.getContext("2d");
  ctx.scale(scale, scale);
  return ctx;
}
