/** A part of a body: text, which is sent as UTF-8, or bytes. */
export type Chunk = string | ArrayBuffer | ArrayBufferView;

/** Several values, as an array, a generator or a stream has them. */
export type Values<T> = Iterable<T> | AsyncIterable<T>;

/** Header names and values: an object, whose values may be lists, or pairs such as those of `Headers`. */
export type HeadersInput =
  | Record<string, string | number | readonly string[]>
  | Iterable<readonly [string, string]>;

/** The head of an HTTP response: everything before the first byte of the body. */
export interface HeadInit {
  /** The HTTP status, 100 to 599. 200 by default. */
  status?: number;
  /** The headers, in order. `set-cookie` may be here or in `cookies`. */
  headers?: HeadersInput;
  /** Values of `Set-Cookie` headers, one for each cookie. */
  cookies?: Iterable<string>;
}

/** Metadata of the invocation, and of its function. What Lambda did not send is `undefined`. */
export interface Context {
  /** Lambda's id of this invocation. */
  readonly requestId: string;
  /** When the host stops the handler, in milliseconds since 1970. */
  readonly deadlineMs: number;
  /** The ARN by which the function was invoked: it may name an alias or a version. */
  readonly invokedFunctionArn?: string;
  /** The AWS X-Ray trace header. */
  readonly traceId?: string;
  /** The client context of the AWS Mobile SDK, a JSON document. */
  readonly clientContext?: string;
  /** The Amazon Cognito identity of the caller, a JSON document. */
  readonly cognitoIdentity?: string;
  /** The tenant of the invocation, for functions with tenant isolation. */
  readonly tenantId?: string;
  /** The function's name. Empty if unknown. */
  readonly functionName: string;
  /** The function's version, such as `$LATEST`. Empty if unknown. */
  readonly functionVersion: string;
  /** The function's memory, in MiB. 0 if unknown. */
  readonly memoryLimitMib: number;
  /** Returns the time until the deadline, in milliseconds. */
  getRemainingTimeInMillis(): number;
}

/** A server-sent event. */
export interface ServerSentEvent {
  /** Its data. What is not text is sent as JSON. */
  data?: unknown;
  /** Its type. Browsers take an event without one as `message`. */
  event?: string;
  /** Its id, which a browser sends as `last-event-id` when it connects again. */
  id?: string;
  /** How long a browser waits before it connects again, in milliseconds. */
  retry?: number;
}

/**
 * The response to the current invocation: an HTTP stream, a document or a raw stream.
 *
 * Each method throws a `StreamError` if the host refuses the call, which leaves the response unchanged.
 */
export interface ResponseStream {
  /** Whether the response has started, so that its head cannot change. */
  readonly started: boolean;
  /** Whether the response is complete. */
  readonly finished: boolean;
  /** Starts an HTTP response. Without it, the first `write` starts one with status 200. */
  start(head?: HeadInit): void;
  /** Starts a document, which is sent as a whole: for queues, authorizers and other callers of `Invoke`. */
  startDocument(): void;
  /** Starts a stream without a head, for callers of `InvokeWithResponseStream`. */
  startRaw(contentType?: string): void;
  /**
   * Sends a chunk to the caller. Waits while the caller reads more slowly than the handler writes.
   *
   * Rejects with `Closed` if the caller is gone.
   */
  write(chunk: Chunk): Promise<void>;
  /** Sends each chunk as soon as it is there. */
  writeAll(chunks: Values<Chunk>): Promise<void>;
  /** Ends the response. The handler may go on working; the next invocation waits for it. */
  finish(): void;
  /** Starts a response with server-sent events. */
  sse(head?: HeadInit): {
    /** Sends an event. Text is an event with this data. */
    send(event: ServerSentEvent | string): Promise<void>;
    /** Sends a comment, which keeps the connection alive. */
    comment(text?: string): Promise<void>;
  };
  /** Starts a response with a JSON document on each line. */
  ndjson(head?: HeadInit): {
    /** Sends a value as a line. */
    write(value: unknown): Promise<void>;
  };
  /** Returns a stream that writes to this response, for `pipeTo`. */
  writable(): WritableStream<Chunk>;
}

/**
 * What a handler returns:
 *
 * - a `Response`: an HTTP response, sent as its body arrives;
 * - text or bytes: an HTTP response with this body;
 * - a generator, a stream or another iterator of chunks, with at most one `head()`, as the first: an HTTP response whose
 *   chunks are sent as they are made;
 * - any other value: a JSON document;
 * - nothing: what was written to the `ResponseStream`. It ends when no timer and no request is pending.
 */
export type Result =
  | Response
  | Chunk
  | Values<Chunk | Head>
  | object
  | number
  | boolean
  | null
  | void;

/** A handler, to be the default export of the module. */
export interface Handler {
  /** Handles one invocation: for the component and for `bootstream/testing`. */
  run(event: Uint8Array, context: Context, host: object): Promise<boolean>;
}

/**
 * Makes a function the handler of its module: `export default handler(async (event, context, response) => ...)`.
 *
 * `event` is the event, parsed as JSON. If the function throws, the caller can tell: before the first byte the
 * invocation fails, after it the stream ends with error trailers.
 */
export function handler<Event = any>(
  callback: (event: Event, context: Context, response: ResponseStream) => Result | Promise<Result>,
): Handler;
/** Makes a function that takes the bytes of the event the handler of its module. */
export function handler(
  callback: (event: Uint8Array, context: Context, response: ResponseStream) => Result | Promise<Result>,
  options: { raw: true },
): Handler;

/** The head of a response, as the first item that a generator yields. */
export interface Head {
  readonly status: number;
  readonly headers?: HeadersInput;
  readonly cookies: Iterable<string>;
}

/** Returns the head of a response, to `yield` it. */
export function head(init?: HeadInit): Head;

/** Returns an HTTP response with server-sent events, each sent as soon as it is there. */
export function eventStream(events: Values<ServerSentEvent | string>, init?: ResponseInit): Response;

/** Returns an HTTP response with a JSON document on each line, each sent as soon as it is there. */
export function ndjson(items: Values<unknown>, init?: ResponseInit): Response;

/** Yields the lines of a body, such as that of `fetch`, without their ends, as soon as each is complete. */
export function readLines(body: Values<Uint8Array | string>): AsyncGenerator<string, void, void>;

/** Yields the server-sent events of a body, such as that of `fetch`. */
export function readEvents(
  body: Values<Uint8Array | string>,
): AsyncGenerator<{ data: string; event?: string; id?: string }, void, void>;

/**
 * Returns the request in the event of a Function URL, a REST or HTTP API, a load balancer or VPC Lattice.
 *
 * Throws a `TypeError` if the event is not an HTTP request.
 */
export function requestFromEvent(event: unknown): Request;

/** The host refused a call on the response. A refused call leaves the response unchanged. */
export class StreamError extends Error {
  /** The name of the error in the contract. */
  readonly code: string;
}

/** A start came after the response had started. */
export class AlreadyStarted extends StreamError {}

/** The call came after the response was finished. */
export class AlreadyFinished extends StreamError {}

/** The reader of the response is gone. Every later call fails in the same way: return. */
export class Closed extends StreamError {}

/** The status is outside 100 to 599. */
export class InvalidStatus extends StreamError {
  readonly status: number;
}

/** A header or cookie is not valid HTTP. */
export class InvalidHeader extends StreamError {
  readonly reason: string;
}

/** The encoded head is larger than Lambda's front ends accept. */
export class HeadTooLarge extends StreamError {
  readonly actualBytes: number;
  readonly limitBytes: number;
}

/** Any other reason: for example, a document larger than its reader accepts. */
export class Refused extends StreamError {
  readonly reason: string;
}

/**
 * An error that is the caller's fault, not the handler's.
 *
 * If the response has not started, it gets this status, 400 to 499, and the text as a JSON document,
 * `{"message": "..."}`. The invocation succeeds, and the log gets a warning. Throw one only for HTTP: a queue treats a
 * successful invocation as a processed batch.
 */
export class Rejection extends Error {
  /** Throws a `RangeError` for any other status. */
  constructor(status: number, message: string);
  readonly status: number;
}

/** Logs a record. In a log of JSON, each field is a member of the record; in text, it follows the message. */
type LogRecord = (message: unknown, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * The function's log, with fields: `log.info("sold", { order: 7 })`. The function's log level decides which records are
 * kept. Values other than text, numbers and truth values are logged as JSON.
 */
export const log: Readonly<Record<"trace" | "debug" | "info" | "warn" | "error", LogRecord>>;
