// Reads a body as server-sent events, as browsers do, and remembers where each event was.

/**
 * Returns what is in the stream: `{kind: "event", event, data, id, from, to}`, `{kind: "comment", text}` and
 * `{kind: "retry", text}`. An event without an end is the last, with `open`.
 */
export function parse(bytes) {
  const found = [];
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let fields = { event: "", data: [], from: at };
  let lastId = "";
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  while (at < bytes.length) {
    let end = at;
    while (end < bytes.length && bytes[end] !== 10 && bytes[end] !== 13) end += 1;
    if (end === bytes.length) break;
    const line = decoder.decode(bytes.subarray(at, end));
    const next = bytes[end] === 13 && bytes[end + 1] === 10 ? end + 2 : end + 1;
    if (line === "") {
      if (fields.data.length > 0) {
        found.push({ kind: "event", event: fields.event || "message", data: fields.data.join("\n"),
          id: lastId, from: fields.from, to: next });
      }
      fields = { event: "", data: [], from: next };
    } else {
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      let value = colon < 0 ? "" : line.slice(colon + 1);
      if (value.startsWith(" ")) value = value.slice(1);
      if (colon === 0) found.push({ kind: "comment", text: value });
      else if (name === "data") fields.data.push(value);
      else if (name === "event") fields.event = value;
      else if (name === "id" && !value.includes("\0")) lastId = value;
      else if (name === "retry" && /^[0-9]+$/.test(value)) found.push({ kind: "retry", text: value });
    }
    at = next;
  }
  const rest = fields.data.length > 0 || at < bytes.length;
  if (rest) {
    found.push({ kind: "event", open: true, event: fields.event || "message", from: fields.from, to: bytes.length,
      data: new TextDecoder().decode(bytes.subarray(fields.from)), id: lastId });
  }
  return found;
}

/** Returns the offsets at which chunks begin within the range, without its start. */
export function cuts(timeline, from, to) {
  return timeline.map((chunk) => chunk.offset).filter((offset) => offset > from && offset < to);
}

/** Returns how many chunks begin in the middle of a character in UTF-8. */
export function splitCharacters(bytes, timeline) {
  return timeline.filter(({ offset }) => offset > 0 && (bytes[offset] & 0xc0) === 0x80).length;
}
