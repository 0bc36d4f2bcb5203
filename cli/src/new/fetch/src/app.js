import { numbers } from "./numbers.js";

/**
 * Answers a request.
 *
 * @param {Request} request
 * @param {number} [pause] between two lines, in milliseconds
 * @returns {Response}
 */
export function handle(request, pause) {
  const url = new URL(request.url);
  if (url.pathname !== "/numbers") {
    return new Response("Try /numbers.\n", { status: 404 });
  }
  const count = Number(url.searchParams.get("count") ?? 3);
  return new Response(numbers(count, pause), {
    headers: { "content-type": "text/plain", "x-my-custom-header": "streaming-fetch" },
  });
}
