// The API of the console.

const MARK = { "content-type": "application/json", "x-bootstream-console": "1" };

async function fetched(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Error(body.error || `status ${response.status}`);
  }
  return response;
}

export const get = async (path) => (await fetched(path)).json();

export const invocation = (id, shown) =>
  get(`/api/invocations/${encodeURIComponent(id)}${shown ? "?secrets=show" : ""}`);

/** Reads bytes of a body. */
export async function bytes(id, from, to) {
  const path = `/api/invocations/${encodeURIComponent(id)}/body?from=${from}&to=${to}`;
  return new Uint8Array(await (await fetched(path)).arrayBuffer());
}

/** Sends the event of an invocation again, or `event`, which is the text of a JSON document. */
export async function resend(id, event) {
  const body = event === undefined ? "{}" : `{"event":${event}}`;
  const path = `/api/invocations/${encodeURIComponent(id)}/resend`;
  return (await fetched(path, { method: "POST", headers: MARK, body })).json();
}

export const clear = () => fetched("/api/invocations", { method: "DELETE", headers: MARK });

/** Follows the changes. Connects again when the connection is lost, from the last change it has. */
export class Feed extends EventTarget {
  #last = "";
  #source;
  #timer;

  start() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const since = this.#last ? `?since=${encodeURIComponent(this.#last)}` : "";
    this.#source = new EventSource(`/api/events${since}`);
    this.#source.onopen = () => this.#emit("state", true);
    this.#source.onerror = () => {
      this.#emit("state", false);
      this.#source.close();
      this.#timer = setTimeout(() => this.start(), 1000);
    };
    for (const name of ["invocation", "chunk", "log", "end", "cleared", "lagged"]) {
      this.#source.addEventListener(name, (event) => {
        if (name === "lagged") this.#last = "";
        else this.#last = event.lastEventId;
        this.#emit(name, JSON.parse(event.data));
      });
    }
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
