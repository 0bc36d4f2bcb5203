// What handlers in TypeScript can do, beside the steps of the scripted guest: one case for each event `{"case": ...}`.
// Any other event is one for the packages.

import {
  type Context,
  eventStream,
  handler,
  head,
  ndjson,
  readEvents,
  Rejection,
  type ResponseStream,
} from "bootstream";

import { answer } from "./packages.tsx";
import { failures } from "./platform.ts";

interface Event {
  case?: string;
  url?: string;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The moment of the build, and a number that was random then. */
const built = { at: Date.now(), random: Math.random() };

class OutOfStock extends Error {}

async function order(): Promise<void> {
  await pause(1);
  try {
    JSON.parse("{");
  } catch (cause) {
    throw new OutOfStock("no apples", { cause });
  }
}

type Case = (response: ResponseStream, event: Event, context: Context) => unknown;

const cases: Record<string, Case> = {
  platform: async () => ({ failures: await failures() }),

  random: () => ({ numbers: [Math.random(), Math.random()], id: crypto.randomUUID(), built }),

  throws: () => order(),

  formats_with_intl: () => Intl.NumberFormat("de").format(1.5),

  decrypts: () => crypto.subtle.decrypt("AES-GCM", {} as any, new Uint8Array(1)),

  throws_text: () => {
    throw "just text";
  },

  throws_what_is_not_unicode: () => {
    throw new Error("half \ud800");
  },

  forgets_a_promise: async (response) => {
    await response.write("half");
    void order();
    await pause(50);
    await response.write("never");
  },

  throws_in_a_timer: async () => {
    setTimeout(() => {
      throw new RangeError("in a timer");
    }, 1);
    await pause(1000);
  },

  waits_forever: () => new Promise(() => undefined),

  leaves_a_timer: (response) => {
    response.start({ status: 202 });
    setTimeout(() => void response.write("from a timer"), 50);
  },

  goes_on_after_the_end: async () => {
    setTimeout(() => console.log("went on"), 50);
    return "whole";
  },

  generator: () => lines(),

  response: () =>
    new Response("made", {
      status: 203,
      headers: [["x-a", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    }),

  events: () => eventStream(["one", { event: "tick", data: { n: 1 } }].values()),

  ndjson: () => ndjson([{ a: 1 }, [2]]),

  rejects: () => {
    throw new Rejection(422, "no such size");
  },

  cannot_be_json: () => Symbol("x"),

  console: () => {
    console.error(new TypeError("shown"), { deep: { list: [1, "two"] } });
    console.info("%s has %d of %j", "Ada", 7, { a: 1 });
    console.warn(new Map([["k", new Set([1n])]]), null, undefined, /x/g);
  },

  environment: () => ({ ...process.env }),

  fetch: async (_, { url }) => {
    const answer = await fetch(`${url}/slow`);
    return new Response(answer.body, { status: answer.status, headers: { "x-passed": "on" } });
  },

  fetch_events: async (_, { url }) => {
    const answer = await fetch(`${url}/events`);
    const seen = [];
    for await (const event of readEvents(answer.body as any)) {
      seen.push(event);
    }
    return { seen };
  },

  fetch_times_out: async (_, { url }) => {
    const error: any = await fetch(`${url}/never`, { signal: AbortSignal.timeout(100) }).catch((reason) => reason);
    return { name: error.name };
  },

  fetch_is_aborted_in_its_body: async (_, { url }) => {
    const controller = new AbortController();
    const answer = await fetch(`${url}/slow`, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    const error: any = await answer.text().catch((reason) => reason);
    return { name: error.name };
  },

  fetch_follows: async (_, { url }) => {
    const answer = await fetch(`${url}/moved`, { method: "POST", body: "text", headers: { authorization: "x" } });
    return { url: answer.url, redirected: answer.redirected, text: await answer.text() };
  },

  fetch_sends_a_stream: async (_, { url }) => {
    const body = (ReadableStream as any).from(["one ", "two"].map((text) => new TextEncoder().encode(text)));
    const answer = await fetch(`${url}/echo`, { method: "PUT", body, duplex: "half" } as RequestInit);
    return { text: await answer.text() };
  },

  fetch_is_cancelled: async (_, { url }) => {
    const answers = [];
    for (let count = 0; count < 40; count += 1) {
      const answer = await fetch(`${url}/slow`);
      await answer.body!.cancel();
      answers.push(answer.status);
    }
    return { count: answers.length };
  },

  fetch_at_once: async (_, { url }) => {
    const start = performance.now();
    const texts = await Promise.all([1, 2, 3].map(async () => (await fetch(`${url}/slow`)).text()));
    return { texts, time: performance.now() - start };
  },
};

async function* lines() {
  yield head({ status: 206, headers: { "x-lines": "2" }, cookies: ["c=1"] });
  yield "one\n";
  await pause(200);
  yield new TextEncoder().encode("two\n");
}

export default handler<Event>(async (event, context, response) => {
  if (event.case === undefined) {
    return answer(event);
  }
  const perform = cases[event.case];
  if (perform === undefined) {
    throw new TypeError(`there is no case \`${event.case}\``);
  }
  return (await perform(response, event, context)) as any;
});
