// What the timeline shows, without drawing: lanes, gaps and the scale.

/** Gaps above this are labelled, in microseconds. */
export const GAP = 1_000_000;

/** Waits below this are not shown, in microseconds. */
const SHORT_WAIT = 20_000;

/** Returns the lanes of an invocation: marks and waits in microseconds. */
export function lanes(details) {
  const chunks = details.timeline;
  const at = (name) => chunks.map((chunk) => chunk[name]).filter((time) => time !== null);
  const waits = chunks
    .map((chunk) => ({ from: chunk.atRuntime, to: chunk.atTaken ?? chunk.atSent }))
    .filter(({ from, to }) => to - from > SHORT_WAIT);
  const found = [
    { name: "from the runtime", colour: "lane1", marks: at("atRuntime"), waits, isMeasured: true },
    { name: "on the wire", colour: "lane2", marks: at("atSent"), waits: [], isMeasured: true },
    { name: "caller took", colour: "lane3", marks: at("atTaken"), waits: [], isMeasured: true },
  ];
  // Only `bootstrap` tells it, and not before the end.
  if (details.guest) {
    const marks = details.guest.writes.map((write) => write.at);
    found.unshift({ name: "function wrote", colour: "lane5", marks, waits: details.guest.waits, isMeasured: true });
  }
  if (details.predicted) {
    const marks = details.predicted.delivered.map((point) => point.at);
    found.push({ name: "Lambda would have delivered", colour: "lane4", marks, waits: [],
      end: details.predicted.endMs * 1000 });
  }
  if (details.logs.length) {
    found.push({ name: "logs", colour: "soft", marks: details.logs.map((line) => line.at), waits: [] });
  }
  if (details.outbound.length) {
    const waits = details.outbound.map((call) => ({ from: call.at - call.totalMs * 1000, to: call.at }));
    found.push({ name: "outbound", colour: "warn", marks: waits.map(({ from }) => from), waits });
  }
  return found;
}

/** Returns the last time on the axis. */
export function span(details) {
  const all = lanes(details).flatMap((lane) => [...lane.marks.slice(-1), lane.end ?? 0]);
  return Math.max(1000, (details.totalMs ?? 0) * 1000, ...all);
}

/** Returns the gaps between writes of the function. */
export function gaps(chunks) {
  const found = [];
  for (let n = 1; n < chunks.length; n += 1) {
    const [from, to] = [chunks[n - 1].atRuntime, chunks[n].atRuntime];
    if (to - from > GAP) found.push({ from, to });
  }
  return found;
}

/** Returns a scale from microseconds to 0..1. A compressed one cuts every gap to a tenth of a second. */
export function scale(total, cut) {
  const short = GAP / 10;
  const place = (time) =>
    cut.reduce((left, gap) => left - Math.max(0, Math.min(time, gap.to) - gap.from) * (1 - short / (gap.to - gap.from)), time);
  const end = place(total);
  return (time) => place(time) / end;
}
