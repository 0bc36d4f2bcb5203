// `fetch`: redirects, cancellation, and the errors that name a setting.

import { needHost } from "./phase.js";
import { send } from "./wasi-http.js";

const MOST_REDIRECTS = 20;

/** Headers that are for one origin. */
const FOR_ONE_ORIGIN = ["authorization", "cookie", "proxy-authorization"];

export async function fetch(input, init = {}) {
  needHost("`fetch`");
  const request = new Request(input, init);
  const { signal } = request;
  signal.throwIfAborted();
  let step = {
    url: request.url,
    method: request.method,
    headers: request.headers,
    whole: request.wholeBody(),
    parts: undefined,
  };
  if (step.whole === undefined && request.hasBody()) {
    step.parts = request.chunks();
  }
  for (let redirects = 0; ; redirects += 1) {
    const { status, headers, chunks, drop } = await send(step, signal);
    const location = isRedirect(status) ? headers.get("location") : null;
    if (location === null || request.redirect === "manual") {
      const body = isBodiless(status, step.method) ? (drop(), null) : chunks;
      return new Response(body, { headers }).fetched(step.url, redirects > 0, status);
    }
    drop();
    step = next(step, status, location, request.redirect, redirects);
  }
}

function isRedirect(status) {
  return [301, 302, 303, 307, 308].includes(status);
}

function isBodiless(status, method) {
  return method === "HEAD" || [101, 103, 204, 205, 304].includes(status);
}

/** Returns the request that follows a redirect. */
function next(step, status, location, redirect, redirects) {
  if (redirect === "error") {
    throw new TypeError(`${step.method} ${step.url}: the response is a redirect, and \`redirect\` is \`error\``);
  }
  if (redirects >= MOST_REDIRECTS) {
    throw new TypeError(`${step.method} ${step.url}: more than ${MOST_REDIRECTS} redirects`);
  }
  const url = new URL(location, step.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`${step.method} ${step.url}: the redirect goes to ${url.protocol}`);
  }
  const headers = new Headers(step.headers);
  if (url.origin !== new URL(step.url).origin) {
    FOR_ONE_ORIGIN.forEach((name) => headers.delete(name));
  }
  const toGet = status === 303 ? step.method !== "HEAD" : status < 303 && step.method === "POST";
  if (toGet) {
    ["content-length", "content-type", "content-encoding"].forEach((name) => headers.delete(name));
    return { url: url.href, method: "GET", headers };
  }
  if (step.parts !== undefined) {
    throw new TypeError(`${step.method} ${step.url}: the body is a stream, which a redirect would send again`);
  }
  return { ...step, url: url.href, headers };
}
