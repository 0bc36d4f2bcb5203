// The errors of `wasi:http` as those of `fetch`: a `TypeError`, whose cause has the code and the advice.

import { httpErrorCode } from "wasj:http/types@0.2.9";

/** The placeholder of a secret, which the host replaces, begins with this. */
const SECRET_PREFIX = "bootstream-secret-";

const TIMEOUTS = [
  "DNS-timeout", "connection-timeout", "connection-read-timeout", "connection-write-timeout", "HTTP-response-timeout",
];

/** Names a request in messages, without its query. */
export function describeRequest({ method, url }) {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

/**
 * Returns the error of a request. `problem` is an error code of `wasi:http`, or an error of a stream with one in it.
 *
 * `cause.code` is the name of the code in lower case.
 */
export function errorOf(problem, request) {
  const { tag, val, broken } = codeOf(problem);
  const advice = broken ? brokenText(tag, val) : adviceFor(tag, val, request);
  const cause = new Error(advice);
  cause.code = tag.toLowerCase();
  cause.name = TIMEOUTS.includes(tag) ? "TimeoutError" : "RequestError";
  const error = new TypeError(`${describeRequest(request)}: ${advice}`, { cause });
  return error;
}

function codeOf(problem) {
  if (problem?.tag === "closed") {
    return { tag: "HTTP-response-incomplete", broken: true };
  }
  if (problem?.tag !== "last-operation-failed") {
    return problem?.tag === undefined ? { tag: "internal-error", val: String(problem) } : problem;
  }
  const ioError = problem.val;
  const code = httpErrorCode(ioError) ?? { tag: "internal-error", val: ioError.toDebugString() };
  ioError[Symbol.dispose]();
  return { ...code, broken: true };
}

function brokenText(tag, val) {
  return tag === "connection-read-timeout"
    ? "the response paused for longer than `outbound.idle-ms`"
    : `the connection broke off: ${tag.toLowerCase()}${typeof val === "string" ? `: ${val}` : ""}`;
}

/** Returns what happened, with the setting that changes it. */
function adviceFor(tag, val, request) {
  const { origin } = new URL(request.url);
  switch (tag) {
    case "HTTP-request-denied": {
      const denied = `the host denied it: requests to \`${origin}\` are not allowed; add it to \`outbound.allow\``;
      const hasSecret = [...request.headers.values()].some((value) => value.includes(SECRET_PREFIX));
      return hasSecret ? `${denied} and to the hosts of its secret in \`secrets\`` : denied;
    }
    case "destination-IP-prohibited":
      return `the host denied it: the address of \`${origin}\` is not public; add it to \`outbound.private-addresses\``;
    case "connection-limit-reached":
      return (
        "too many requests are open: read responses to their end or cancel their bodies, or raise `outbound.requests`"
      );
    case "connection-timeout":
      return `there was no connection to \`${origin}\` within \`outbound.connect-ms\``;
    case "connection-read-timeout":
    case "HTTP-response-timeout":
      return "there was no response within `outbound.first-byte-ms`";
    case "TLS-certificate-error":
      return `the certificate of \`${origin}\` is not trusted: add its authority with \`outbound.ca-file\``;
    default:
      return typeof val === "string" ? `${tag.toLowerCase()}: ${val}` : `${tag.toLowerCase()} (\`${origin}\`)`;
  }
}
