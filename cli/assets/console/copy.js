// An invocation as a command, as a test fixture, and as files.

import { bytes, invocation } from "./api.js";

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Headers that the client writes itself. */
const OWN = new Set(["host", "content-length", "connection", "transfer-encoding", "accept-encoding"]);

export function asInvoke(details) {
  return `bootstream invoke -d ${quote(details.event)}`;
}

/** The request as its caller sent it. An event without a request goes to `/invoke`. */
export function asCurl(details, endpoint) {
  const { method, target, headers } = details.requestHead;
  if (details.door === "invoke" || details.door.startsWith("sdk")) {
    return `curl -N ${quote(`${endpoint}/invoke`)} -H 'content-type: application/json' -d ${quote(details.event)}`;
  }
  const parts = ["curl -N", method === "GET" ? "" : `-X ${method}`, quote(endpoint + target)];
  for (const [name, value] of headers) {
    if (!OWN.has(name)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  }
  if (details.requestBody.text) parts.push(`--data-binary ${quote(details.requestBody.text)}`);
  if (details.requestBody.base64) parts.push("# the body is not text: --data-binary @FILE");
  return parts.filter(Boolean).join(" ");
}

/** The event and what came back, for a test. */
export async function asFixture(details) {
  const [kept] = details.body.kept;
  const first = kept ? await bytes(details.requestId, kept[0], Math.min(kept[1], 65536)) : new Uint8Array();
  const isWhole = first.length === details.body.bytes;
  return JSON.stringify({
    event: JSON.parse(details.event),
    expect: {
      status: details.status,
      headers: details.head?.headers ?? [],
      error: details.failure?.type ?? null,
      body: isWhole ? new TextDecoder().decode(first) : undefined,
      sha256: details.body.sha256,
    },
  }, null, 2);
}

/** Saves an invocation as a file. */
export async function exportJson(id, shown) {
  const details = await invocation(id, shown);
  const url = URL.createObjectURL(new Blob([JSON.stringify(details, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
