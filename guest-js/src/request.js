// HTTP requests, from the events of Lambda's front ends.

/** Returns the request of an event. See `index.d.ts`. */
export function requestFromEvent(event) {
  const { method, path } = methodAndPath(event);
  const headers = readHeaders(event);
  const host = headers.get("host") ?? event.requestContext?.domainName ?? "localhost";
  const [scheme] = (headers.get("x-forwarded-proto") ?? "https").split(",");
  const query = readQuery(event);
  const encodedPath = path.replace(/^\/?/, "/").replaceAll("?", "%3F").replaceAll("#", "%23");
  const url = `${scheme.trim()}://${host}${encodedPath}${query === "" ? "" : `?${query}`}`;
  const body = readBody(event);
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers, body: hasBody ? body : undefined });
}

function methodAndPath(event) {
  const method = event?.requestContext?.http?.method ?? event?.httpMethod ?? event?.method;
  let path = event?.rawPath ?? event?.path ?? event?.raw_path;
  if (typeof method !== "string" || typeof path !== "string") {
    throw new TypeError("the event is not an HTTP request of a known shape: it has no method and path");
  }
  if (isLattice(event)) {
    path = path.split("?")[0];
  }
  return { method: method.toUpperCase(), path };
}

/** Returns whether the event is of VPC Lattice, 1.0 or 2.0, which has the method at the top. */
function isLattice(event) {
  return "method" in event && !("httpMethod" in event) && !("rawPath" in event);
}

function valuesOf(value) {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function readHeaders(event) {
  const headers = new Headers();
  for (const [name, values] of Object.entries(event.multiValueHeaders ?? event.headers ?? {})) {
    for (const value of valuesOf(values)) {
      headers.append(name, value);
    }
  }
  if (event.cookies?.length > 0 && !headers.has("cookie")) {
    headers.set("cookie", valuesOf(event.cookies).join("; "));
  }
  return headers;
}

/** Returns the query, encoded, without its question mark. */
function readQuery(event) {
  if (event.rawQueryString !== undefined) {
    return String(event.rawQueryString);
  }
  const lattice = isLattice(event);
  const fields =
    event.multiValueQueryStringParameters ?? event.queryStringParameters ?? event.query_string_parameters ?? {};
  const pairs = Object.entries(fields).flatMap(([name, values]) => valuesOf(values).map((value) => [name, value]));
  if (lattice && pairs.length === 0) {
    return (event.path ?? event.raw_path).split("?")[1] ?? "";
  }
  if (lattice || event.requestContext?.elb !== undefined) {
    // They pass names and values as they came, still encoded. An `&` in them is not.
    return pairs.map((pair) => pair.map((part) => part.replaceAll("&", "%26")).join("=")).join("&");
  }
  return new URLSearchParams(pairs).toString();
}

function readBody(event) {
  const { body } = event;
  if (body === undefined || body === null || body === "") {
    return undefined;
  }
  const encoded = event.isBase64Encoded ?? event.is_base64_encoded;
  return encoded ? decodeBase64(body) : String(body);
}

function decodeBase64(text) {
  // Node.js lacks the native function, without which QuickJS would be slow.
  return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
