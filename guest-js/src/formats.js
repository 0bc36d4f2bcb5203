// Server-sent events and JSON lines, written and read.

/** Returns a server-sent event as it is sent. Text is an event with this data. */
export function eventText(event) {
  const { data = "", event: type, id, retry } = typeof event === "string" ? { data: event } : event;
  let text = "";
  for (const [name, value] of [["event", type], ["id", id]]) {
    if (value === undefined) {
      continue;
    }
    if (/[\r\n\0]/.test(value)) {
      throw new TypeError(`the ${name} ${JSON.stringify(value)} of a server-sent event has a line break`);
    }
    text += `${name}: ${value}\n`;
  }
  if (retry !== undefined) {
    text += `retry: ${Math.trunc(retry)}\n`;
  }
  const lines = typeof data === "string" ? data : JSON.stringify(data);
  for (const line of lines.split(/\r\n|\r|\n/)) {
    text += `data: ${line}\n`;
  }
  return `${text}\n`;
}

/** Returns a value as a line of JSON. */
export function ndjsonLine(value) {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`JSON has no such value: a ${typeof value}`);
  }
  return `${text}\n`;
}

/** Returns an HTTP response whose body is made piece by piece. */
function streamed(pieces, contentType, { headers, ...init } = {}) {
  const all = new Headers(headers);
  if (!all.has("content-type")) {
    all.set("content-type", contentType);
  }
  return new Response(pieces, { ...init, headers: all });
}

async function* mapped(items, text) {
  const encoder = new TextEncoder();
  for await (const item of items) {
    yield encoder.encode(text(item));
  }
}

export function eventStream(events, init) {
  const response = streamed(mapped(events, eventText), "text/event-stream", init);
  response.headers.set("cache-control", "no-cache");
  return response;
}

export function ndjson(items, init) {
  return streamed(mapped(items, ndjsonLine), "application/x-ndjson", init);
}

/** Yields the lines of a body without their ends, as soon as each is complete. */
export async function* readLines(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    // A line feed may follow the last carriage return.
    const held = rest.endsWith("\r") ? "\r" : "";
    const lines = (held ? rest.slice(0, -1) : rest).split(/\r\n|\r|\n/);
    rest = lines.pop() + held;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") {
    yield rest.replace(/\r$/, "");
  }
}

/** Yields the server-sent events of a body. */
export async function* readEvents(body) {
  let data = [];
  let event;
  let id;
  let first = true;
  for await (const whole of readLines(body)) {
    const line = first ? whole.replace(/^\ufeff/, "") : whole;
    first = false;
    if (line === "") {
      if (data.length > 0) {
        yield { data: data.join("\n"), event, id };
      }
      data = [];
      event = undefined;
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") {
      data.push(value);
    } else if (name === "event") {
      event = value || undefined;
    } else if (name === "id" && !value.includes("\0")) {
      id = value;
    }
  }
}
