// The dialog that edits an event and sends it.

import { resend } from "./api.js";
import { button, el } from "./dom.js";
import { pretty } from "./format.js";

/** Returns what is wrong with a text that should be JSON, and in which line. `null` if nothing is. */
export function problem(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const position = /position (\d+)/.exec(error.message);
    const before = position ? text.slice(0, Number(position[1])) : text.trimEnd();
    const line = /line (\d+)/.exec(error.message)?.[1] ?? before.split("\n").length;
    return { line: Number(line), message: error.message };
  }
}

class Edit extends HTMLElement {
  connectedCallback() {
    this.text = el("textarea", { id: "event", spellcheck: "false", "aria-describedby": "event-error" });
    this.error = el("p", { id: "event-error", class: "bad", role: "alert" });
    this.dialog = el("dialog", { "aria-labelledby": "edit-title" },
      el("h2", { id: "edit-title", text: "Edit and send again" }),
      el("label", { for: "event", text: "Event, a JSON document" }), this.text, this.error,
      el("div", { class: "bar" }, button("Send", () => this.#send()), button("Cancel", () => this.dialog.close())));
    this.append(this.dialog);
  }

  open(details) {
    this.id_ = details.requestId;
    this.text.value = pretty(details.event);
    this.error.textContent = "";
    this.dialog.showModal();
    this.text.focus();
    this.text.setSelectionRange(0, 0);
  }

  async #send() {
    const wrong = problem(this.text.value);
    if (wrong) {
      this.error.textContent = `Line ${wrong.line} is not JSON, so nothing was sent: ${wrong.message}`;
      const lines = this.text.value.split("\n");
      const from = lines.slice(0, wrong.line - 1).join("\n").length + (wrong.line > 1 ? 1 : 0);
      this.text.focus();
      this.text.setSelectionRange(from, from + (lines[wrong.line - 1]?.length ?? 0));
      return;
    }
    try {
      const { requestId } = await resend(this.id_, this.text.value);
      this.dialog.close();
      this.dispatchEvent(new CustomEvent("sent", { detail: requestId }));
    } catch (error) {
      this.error.textContent = error.message;
    }
  }
}

customElements.define("bs-edit", Edit);
