import assert from "node:assert/strict";
import { test } from "node:test";

import { requestFromEvent } from "../src/index.js";

test("a function URL or an HTTP API", async () => {
  const request = requestFromEvent({
    version: "2.0",
    rawPath: "/a b",
    rawQueryString: "x=1&y=%26",
    cookies: ["c=1", "d=2"],
    headers: { host: "h.example", "content-type": "text/plain", "x-a": "1,2" },
    requestContext: { http: { method: "POST" } },
    body: "w6k=",
    isBase64Encoded: true,
  });
  assert.equal(request.method, "POST");
  assert.equal(request.url, "https://h.example/a%20b?x=1&y=%26");
  assert.equal(request.headers.get("cookie"), "c=1; d=2");
  assert.equal(request.headers.get("x-a"), "1,2");
  assert.equal(await request.text(), "é");
});

test("a REST API decodes the query", () => {
  const request = requestFromEvent({
    httpMethod: "get",
    path: "/p",
    multiValueQueryStringParameters: { a: ["1 2", "&"], b: [""] },
    multiValueHeaders: { Host: ["h.example"], "X-A": ["1", "2"] },
    requestContext: {},
    body: null,
  });
  assert.equal(request.url, "https://h.example/p?a=1+2&a=%26&b=");
  assert.deepEqual([request.method, request.headers.get("x-a"), request.body], ["GET", "1, 2", null]);
});

test("a load balancer passes the query as it came", () => {
  const request = requestFromEvent({
    httpMethod: "GET",
    path: "/p",
    queryStringParameters: { "a%20b": "c%2Bd+e&f" },
    headers: { host: "h", "x-forwarded-proto": "http" },
    requestContext: { elb: {} },
  });
  assert.equal(request.url, "http://h/p?a%20b=c%2Bd+e%26f");
});

test("VPC Lattice, of both versions", () => {
  const one = requestFromEvent({ method: "PUT", raw_path: "/p?q=1", headers: { host: "h" }, body: "x" });
  assert.deepEqual([one.method, one.url], ["PUT", "https://h/p?q=1"]);
  const two = requestFromEvent({
    version: "2.0", method: "GET", path: "/p?q=%201", headers: { host: ["h"] }, queryStringParameters: { q: ["%201"] },
  });
  assert.equal(two.url, "https://h/p?q=%201");
});

test("a path keeps its own question mark and hash", () => {
  const event = { httpMethod: "GET", path: "a?b#c", headers: { host: "h", "x-forwarded-proto": "http, https" } };
  assert.equal(requestFromEvent(event).url, "http://h/a%3Fb%23c");
});

test("an event that is not an HTTP request is refused", () => {
  for (const event of [null, {}, { Records: [] }, { path: "/" }, 7]) {
    assert.throws(() => requestFromEvent(event), /not an HTTP request/);
  }
});
