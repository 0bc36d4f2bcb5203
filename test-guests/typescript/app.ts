// The scripted guest in TypeScript, with the package `bootstream`: its event is a script of steps.
//
// The language of the scripts is the one of the crate `scripted-guest`, whose README describes it.

import {
  handler,
  HeadTooLarge,
  InvalidHeader,
  InvalidStatus,
  log,
  Refused,
  StreamError,
  type Context,
  type ResponseStream,
} from "bootstream";

/** A step: its name, or an object with its name and argument. */
type Step = string | Record<string, any>;

interface LogStep {
  level: "trace" | "debug" | "info" | "warn" | "error";
  message: string;
  fields?: [string, unknown][];
}

const PERIOD = 251;
const MASK = (1n << 64n) - 1n;

/** A step did not go as the script expects. */
class Unexpected extends Error {}

export default handler(
  async (event, context, response) => {
    const script = scriptOf(new TextDecoder().decode(event));
    if (script === undefined) {
      await response.write(`event bytes: ${event.length}\n`);
      return;
    }
    await new Runner(event, context, response).run(script);
  },
  { raw: true },
);

function scriptOf(text: string): Step[] | undefined {
  let document: any;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (document?.steps === undefined && typeof document?.body === "string") {
    return scriptOf(document.isBase64Encoded ? atob(document.body) : document.body);
  }
  return document?.steps;
}

/** Executes the steps of one invocation. */
class Runner {
  #memory: Uint8Array[] = [];

  constructor(
    private readonly event: Uint8Array,
    private readonly context: Context,
    private readonly response: ResponseStream,
  ) {}

  /** Executes steps in order. A refusal is reported with the number of its step. */
  async run(steps: Step[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      try {
        await this.step(step);
      } catch (error) {
        if (error instanceof StreamError || error instanceof Unexpected) {
          const text = error instanceof StreamError ? outcome(error) : error.message;
          throw new Unexpected(`step ${index + 1}: ${text}`, { cause: error });
        }
        throw error;
      }
    }
  }

  /** Executes one step. */
  async step(step: Step): Promise<void> {
    const [name, argument] = typeof step === "string" ? [step, undefined] : Object.entries(step)[0]!;
    const perform = this.#steps[name];
    if (perform === undefined) {
      throw new Unexpected(`invalid script: unknown variant \`${name}\``);
    }
    await perform(argument);
  }

  /** Executes a step and names its outcome. */
  async attempt(step: Step): Promise<string> {
    try {
      await this.step(step);
    } catch (error) {
      if (error instanceof StreamError) {
        return outcome(error);
      }
      throw error;
    }
    return "ok";
  }

  readonly #steps: Record<string, (argument: any) => unknown> = {
    write_headers: (head) => this.response.start(head),
    write_many_headers: ({ count, bytes }) => {
      const header: [string, string] = ["x", "v".repeat(bytes)];
      this.response.start({ headers: Array(count).fill(header) });
    },
    start_document: () => this.response.startDocument(),
    start_raw: (contentType) => this.response.startRaw(contentType),
    write: (text) => this.response.write(text),
    write_bytes: ({ len, fill }) => this.response.write(new Uint8Array(len).fill(fill)),
    write_many: async ({ count, chunk }) => {
      for (let written = 0; written < count; written += 1) {
        await this.response.write(chunk);
      }
    },
    write_pattern: (pattern) => this.response.writeAll(patternChunks(pattern)),
    write_context: () => this.response.write(JSON.stringify(contextFields(this.context))),
    write_event_digest: () => this.response.write(digest(this.event)),
    write_env: () => this.response.write(JSON.stringify(process.env)),
    finish: () => this.response.finish(),
    sleep_ms: (pause) => new Promise((resolve) => setTimeout(resolve, pause)),
    spin_ms: (pause) => {
      const end = performance.now() + pause;
      while (performance.now() < end) {
        Math.sqrt(pause);
      }
    },
    loop_forever: () => {
      for (;;) {
        // Nothing calls the host.
      }
    },
    loop_writing: async () => {
      const chunk = "x".repeat(1024);
      for (;;) {
        await this.response.write(chunk).catch(() => undefined);
      }
    },
    repeat_forever: async (step) => {
      for (;;) {
        await this.step(step);
      }
    },
    recurse_forever: () => recurse(0),
    grow_memory: (size) => {
      this.#memory.push(new Uint8Array(size).fill(1));
    },
    trap: () => process.abort(),
    panic: (message) => {
      throw new TypeError(message);
    },
    error: (message) => {
      throw new RangeError(message);
    },
    exit: (code) => process.exit(code),
    print: (text) => process.stdout.write(text),
    eprint: (text) => process.stderr.write(text),
    log: ({ level, message, fields }: LogStep) =>
      fields === undefined ? console[level](message) : log[level](message, Object.fromEntries(fields)),
    fetch: async (request) => {
      await this.response.write("");
      await this.response.write(`${await fetched(request)}\n`);
    },
    try: async (step) => {
      const line = `try: ${await this.attempt(step)}\n`;
      process.stderr.write(line);
      // The response may have ended; standard error has the outcome in any case.
      await this.response.write(line).catch(() => undefined);
    },
    expect: async ({ step, result }) => {
      const found = await this.attempt(step);
      if (result !== found && result !== found.split("(")[0]) {
        throw new Unexpected(`expected ${result}, got ${found}`);
      }
    },
  };
}

function recurse(depth: number): number {
  return recurse(depth + 1) + 1;
}

/** Yields bytes of which the one at offset `i` is `i % 251`. */
function* patternChunks({ total, chunk }: { total: number; chunk: number }): Generator<Uint8Array> {
  const size = Math.max(1, chunk);
  const repeated = Uint8Array.from({ length: size + PERIOD }, (_, index) => index % PERIOD);
  for (let offset = 0; offset < total; offset += size) {
    const start = offset % PERIOD;
    yield repeated.subarray(start, start + Math.min(size, total - offset));
  }
}

/** Returns the fields with the names of the WIT record. */
function contextFields(context: Context): Record<string, unknown> {
  const optional = { traceId: null, clientContext: null, tenantId: null };
  return Object.fromEntries(
    Object.entries({ ...optional, ...definedFields(context) }).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function definedFields(context: Context): Record<string, unknown> {
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));
}

/** Hashes the event with FNV-1a of 64 bits. */
function digest(event: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of event) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  }
  return `bytes: ${event.length} fnv1a64: ${hash.toString(16).padStart(16, "0")}\n`;
}

/** Sends a request. Returns `ok: `, the status, the size of the body and the body, or `error: ` and why. */
async function fetched({ url, body, method }: { url: string; body?: string; method?: string }): Promise<string> {
  try {
    const response = await fetch(url, { body, method: method ?? (body === undefined ? "GET" : "POST") });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return `ok: ${response.status} ${bytes.length} ${new TextDecoder().decode(bytes)}`;
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

/** Returns the name of a refusal in the contract, with its payload in parentheses. */
function outcome(error: StreamError): string {
  if (error instanceof InvalidStatus) {
    return `${error.code}(${error.status})`;
  }
  if (error instanceof InvalidHeader || error instanceof Refused) {
    return `${error.code}(${error.reason})`;
  }
  if (error instanceof HeadTooLarge) {
    return `${error.code}(${error.actualBytes} > ${error.limitBytes})`;
  }
  return error.code;
}
