import type { Context, Handler } from "./index.js";

/** A response as the caller would get it. */
export interface Recording {
  /** The kind of the response. */
  readonly kind: "http" | "document" | "raw";
  /** The status of an HTTP response. */
  readonly status: number | undefined;
  /** The headers of an HTTP response. */
  readonly headers: Headers;
  /** Values of `Set-Cookie` headers. */
  readonly cookies: readonly string[];
  /** The media type of a raw stream. */
  readonly contentType: string | undefined;
  /** The body, as it was written. */
  readonly chunks: readonly Uint8Array[];
  /** The same as text. */
  readonly texts: readonly string[];
  /** The whole body. */
  readonly body: Uint8Array;
  /** The whole body as text. */
  readonly text: string;
  /** Returns the whole body, parsed as JSON. */
  json(): any;
  /** Whether the response has ended cleanly. */
  readonly finished: boolean;
  /** What the handler threw after the response had started. */
  readonly error: unknown;
}

/** Returns a context with a deadline in a minute, and these fields. */
export function context(fields?: Partial<Context>): Context;

/**
 * Invokes a handler, and returns its response.
 *
 * The event is bytes, or a value that is sent as JSON. `closesAfter` is the number of chunks after which the reader is
 * gone. Rejects with what the handler throws before the response has started.
 */
export function invoke(
  handler: Handler,
  event?: unknown,
  options?: { closesAfter?: number; context?: Partial<Context> },
): Promise<Recording>;
