import { exit } from "wasi:cli/exit@0.2.10";

/**
 * Answers each request with what `handler` returns.
 *
 * @param {(request: Request) => Response | Promise<Response>} handler
 */
export function serve(handler) {
  addEventListener("fetch", (event) => {
    const { request } = /** @type {FetchEvent} */ (event);
    /** @type {FetchEvent} */ (event).respondWith(answer(handler, request));
  });
}

/**
 * @param {(request: Request) => Response | Promise<Response>} handler
 * @param {Request} request
 */
async function answer(handler, request) {
  const response = await handler(request);
  return response.body ? new Response(orExit(response.body), response) : response;
}

/**
 * Passes a stream on, and exits if it fails. The engine would end the response as if it were complete; after an
 * exit the host breaks it off, so that the caller sees the failure.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {ReadableStream<Uint8Array>}
 */
function orExit(body) {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          console.error(error);
          exit({ tag: "err" });
        }
      },
      cancel(reason) {
        return reader.cancel(reason);
      },
    },
    // Reads the next chunk only after the engine has sent the one before.
    { highWaterMark: 0 },
  );
}
