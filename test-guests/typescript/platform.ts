// What programs expect of the web platform. The checks run in the component and, to check themselves, in Node.js.

type Check = () => void | Promise<void>;

function equal(found: unknown, wanted: unknown): void {
  const [one, other] = [found, wanted].map((value) => JSON.stringify(value) ?? String(value));
  if (one !== other) {
    throw new Error(`found ${one}, wanted ${other}`);
  }
}

async function rejects(promise: Promise<unknown>, name: string): Promise<void> {
  const error = await promise.then(() => undefined, (reason) => reason);
  equal(error?.name, name);
}

function throws(call: () => unknown, name: string): void {
  let thrown: any;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  equal(thrown?.name, name);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const bytes = (...values: number[]) => new Uint8Array(values);
const hex = (values: Uint8Array) => Array.from(values, (byte) => byte.toString(16).padStart(2, "0")).join("");
const text = (...values: number[]) => new TextDecoder().decode(bytes(...values));

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) {
    all.push(value);
  }
  return all;
}

export const checks: Record<string, Check> = {
  "TextEncoder encodes UTF-8": () => {
    equal([...new TextEncoder().encode("aé€😀")], [97, 195, 169, 226, 130, 172, 240, 159, 152, 128]);
    equal([...new TextEncoder().encode("\ud800x")], [239, 191, 189, 120]);
    equal([...new TextEncoder().encode()], []);
  },
  "encodeInto stops before a character that does not fit": () => {
    const target = new Uint8Array(6);
    equal(new TextEncoder().encodeInto("a€😀", target), { read: 2, written: 4 });
    equal([...target], [97, 226, 130, 172, 0, 0]);
    equal(new TextEncoder().encodeInto("abc", target), { read: 3, written: 3 });
    equal(new TextEncoder().encodeInto("😀", new Uint8Array(3)), { read: 0, written: 0 });
  },
  "TextDecoder decodes a character wherever it is": () => {
    for (let length = 0; length <= 40; length += 1) {
      for (let at = 0; at <= length; at += 1) {
        const wanted = `${"a".repeat(at)}é${"b".repeat(length - at)}`;
        const buffer = new TextEncoder().encode(`${"x".repeat(at % 5)}${wanted}`);
        equal(new TextDecoder().decode(buffer.subarray(at % 5)), wanted);
        equal(new TextDecoder().decode(buffer.subarray(at % 5, (at % 5) + at)), wanted.slice(0, at));
      }
    }
  },
  "TextDecoder replaces what is not UTF-8": () => {
    equal(text(97, 255, 98), "a\ufffdb");
    equal(text(0xe2, 0x82), "\ufffd");
    equal(text(0xe2, 0x82, 0x41), "\ufffdA");
    equal(text(0xf0, 0x9f, 0x98), "\ufffd");
    equal(text(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd");
    equal(text(0xc0, 0x80), "\ufffd\ufffd");
    equal(text(0xf5, 0x80), "\ufffd\ufffd");
    equal(text(0xf0, 0x80, 0x80, 0x80), "\ufffd\ufffd\ufffd\ufffd");
    throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes(255)), "TypeError");
  },
  "TextDecoder keeps what is cut off between chunks": () => {
    const decoder = new TextDecoder();
    const all = new TextEncoder().encode("\ufeffa€😀é");
    equal([...all].map((byte) => decoder.decode(bytes(byte), { stream: true })).join("") + decoder.decode(), "a€😀é");
    equal(decoder.decode(bytes(0xef, 0xbb, 0xbf, 65)), "A");
    equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf)), "\ufeff");
    decoder.decode(bytes(0xe2), { stream: true });
    equal(decoder.decode(), "\ufffd");
  },
  "long text is encoded and decoded": () => {
    for (const shift of [0, 1, 2, 3]) {
      const long = "x".repeat(shift) + "é€😀".repeat(30_000);
      const encoded = new TextEncoder().encode(long);
      equal(encoded.length, shift + 9 * 30_000);
      equal(new TextDecoder().decode(encoded) === long, true);
    }
    const broken = new Uint8Array(100_000).fill(0x80);
    equal(new TextDecoder().decode(broken) === "\ufffd".repeat(100_000), true);
  },
  "TextDecoder knows other encodings": () => {
    equal(new TextDecoder("utf-16le").decode(bytes(65, 0, 0x3d, 0xd8, 0, 0xde)), "A😀");
    equal(new TextDecoder("latin1").decode(bytes(0xe9)), "é");
    throws(() => new TextDecoder("nonsense"), "RangeError");
  },
  "a URL is parsed": () => {
    const url = new URL("../b c?x=1#y", "https://User@Example.com:8443/a/d/");
    equal(url.href, "https://User@example.com:8443/a/b%20c?x=1#y");
    equal([url.host, url.port, url.pathname, url.search, url.hash], ["example.com:8443", "8443", "/a/b%20c", "?x=1", "#y"]);
    equal(new URL("http://[::1]:80/").host, "[::1]");
    equal(new URL("http://0x7f.1/").hostname, "127.0.0.1");
    equal(new URL("http://münchen.example/ä").href, "http://xn--mnchen-3ya.example/%C3%A4");
    equal(URL.canParse("nope"), false);
    throws(() => new URL("//x"), "TypeError");
    url.searchParams.append("z", "a b&c");
    equal(url.search, "?x=1&z=a+b%26c");
  },
  "URLSearchParams reads and writes forms": () => {
    const params = new URLSearchParams("?a=1&b=%C3%A9+x&a=2&c");
    equal([...params], [["a", "1"], ["b", "é x"], ["a", "2"], ["c", ""]]);
    equal(params.getAll("a"), ["1", "2"]);
    equal(new URLSearchParams({ q: "é €" }).toString(), "q=%C3%A9+%E2%82%AC");
  },
  "promises run in order": async () => {
    const order: string[] = [];
    setTimeout(() => order.push("timer"), 0);
    setImmediate(() => order.push("immediate"));
    queueMicrotask(() => order.push("microtask"));
    Promise.resolve().then(() => order.push("then 1")).then(() => order.push("then 2"));
    (async () => {
      order.push("sync");
      await null;
      order.push("await");
    })();
    await pause(20);
    equal(order.slice(0, 5), ["sync", "microtask", "then 1", "await", "then 2"]);
    equal(order.slice(5).sort(), ["immediate", "timer"]);
  },
  "promises are combined": async () => {
    const late = pause(5).then(() => "late");
    equal(await Promise.all([1, late]), [1, "late"]);
    equal(await Promise.race([late, pause(500)]), "late");
    equal(await Promise.any([Promise.reject(new Error("no")), late]), "late");
    const outcomes = await Promise.allSettled([1, Promise.reject(2)]);
    equal(outcomes, [{ status: "fulfilled", value: 1 }, { status: "rejected", reason: 2 }]);
    await rejects(Promise.any([Promise.reject(1)]), "AggregateError");
    await rejects(Promise.all([late, Promise.reject(new RangeError("no"))]), "RangeError");
  },
  "promises can be extended and settled from outside": async () => {
    class Own<T> extends Promise<T> {}
    const own = Own.resolve(1).then((one) => one + 1);
    equal([own instanceof Own, await own], [true, 2]);
    equal(await Promise.resolve({ then: (resolve: (value: number) => void) => resolve(7) }), 7);
    const seen: unknown[] = [];
    await Promise.reject(1).finally(() => seen.push("finally")).catch((reason) => seen.push(reason));
    equal(seen, ["finally", 1]);
    equal(Object.prototype.toString.call(own), "[object Promise]");
    const cycle: Promise<unknown> = Promise.resolve().then(() => cycle);
    await rejects(cycle, "TypeError");
  },
  "async generators and for await work": async () => {
    const events: string[] = [];
    async function* numbers() {
      try {
        yield 1;
        await pause(1);
        yield* [2, 3];
      } finally {
        events.push("closed");
      }
    }
    equal(await collect(numbers()), [1, 2, 3]);
    for await (const number of numbers()) {
      events.push(String(number));
      break;
    }
    equal(events, ["closed", "1", "closed"]);
  },
  "timers fire in order and can be cleared": async () => {
    const order: unknown[] = [];
    setTimeout((...args: unknown[]) => order.push(...args), 20, "late", 1);
    setTimeout(() => order.push("early"), 5);
    clearTimeout(setTimeout(() => order.push("never"), 1));
    const start = performance.now();
    await pause(40);
    equal(order, ["early", "late", 1]);
    const took = performance.now() - start;
    equal(took >= 39 && took < 5000, true);
  },
  "an interval repeats until it is cleared": async () => {
    let ticks = 0;
    await new Promise<void>((resolve) => {
      const interval = setInterval(() => {
        ticks += 1;
        if (ticks === 3) {
          clearInterval(interval);
          resolve();
        }
      }, 2);
    });
    await pause(10);
    equal(ticks, 3);
  },
  "an AbortController aborts": async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    controller.signal.addEventListener("abort", (event) => seen.push(event.type));
    controller.signal.onabort = () => seen.push("on");
    controller.abort(new RangeError("enough"));
    controller.abort();
    equal([seen.sort(), controller.signal.aborted, controller.signal.reason.name], [["abort", "on"], true, "RangeError"]);
    throws(() => controller.signal.throwIfAborted(), "RangeError");
    equal(AbortSignal.abort().reason.name, "AbortError");
    const signal = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(5)]);
    await pause(30);
    equal(signal.reason.name, "TimeoutError");
  },
  "an EventTarget calls listeners": () => {
    const target = new EventTarget();
    const seen: unknown[] = [];
    const listener = (event: Event) => seen.push((event as CustomEvent).detail);
    target.addEventListener("x", listener, { once: true });
    target.addEventListener("x", listener);
    target.addEventListener("x", { handleEvent: (event) => event.preventDefault() });
    equal(target.dispatchEvent(new CustomEvent("x", { detail: 1, cancelable: true })), false);
    target.dispatchEvent(new CustomEvent("x", { detail: 2 }));
    equal(seen, [1]);
  },
  "Headers are combined and checked": () => {
    const headers = new Headers([["B", "1"], ["a", " x "]]);
    headers.append("b", "2");
    headers.append("Set-Cookie", "c=1");
    headers.append("set-cookie", "d=2");
    equal([...headers], [["a", "x"], ["b", "1, 2"], ["set-cookie", "c=1"], ["set-cookie", "d=2"]]);
    equal([headers.get("A"), headers.has("zz"), headers.get("zz"), headers.getSetCookie()], ["x", false, null, ["c=1", "d=2"]]);
    throws(() => headers.set("a b", "c"), "TypeError");
    throws(() => headers.set("a", "c\nd"), "TypeError");
    equal([...new Headers({ x: "1" }).keys()], ["x"]);
  },
  "a Response has a body": async () => {
    const response = new Response("aé", { status: 201, headers: { x: "1" } });
    const copy = response.clone();
    equal([response.status, response.ok, response.headers.get("content-type")], [201, true, "text/plain;charset=UTF-8"]);
    equal([await response.text(), response.bodyUsed, await copy.text()], ["aé", true, "aé"]);
    await rejects(response.text(), "TypeError");
    equal(await Response.json({ a: [1] }).json(), { a: [1] });
    equal(Response.json(1).headers.get("content-type"), "application/json");
    equal([...new Uint8Array(await new Response(bytes(1, 2)).arrayBuffer())], [1, 2]);
    equal(new Response().body, null);
    throws(() => new Response("x", { status: 204 }), "TypeError");
    throws(() => new Response(null, { status: 99 }), "RangeError");
    equal(Response.redirect("https://a.example/", 307).headers.get("location"), "https://a.example/");
  },
  "a body may be a stream": async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("a"));
        controller.enqueue(new TextEncoder().encode("b"));
        controller.close();
      },
    });
    const response = new Response(stream);
    const decoded = await collect(response.body!.pipeThrough(new TextDecoderStream()) as any);
    equal(decoded.join(""), "ab");
  },
  "a Request has what it was given": async () => {
    const request = new Request("https://a.example/p?q=1", { method: "post", body: new URLSearchParams({ a: "b" }) });
    equal([request.method, request.url], ["POST", "https://a.example/p?q=1"]);
    equal(request.headers.get("content-type"), "application/x-www-form-urlencoded;charset=UTF-8");
    const copy = new Request(request.clone(), { headers: { x: "y" } });
    equal([copy.method, copy.headers.get("x"), await copy.text(), await request.text()], ["POST", "y", "a=b", "a=b"]);
    throws(() => new Request("https://a.example/", { method: "GET", body: "x" }), "TypeError");
    throws(() => new Request("/relative"), "TypeError");
  },
  "forms are sent and read": async () => {
    const form = new FormData();
    form.append("a", "é\nb");
    form.append('q"', "1");
    form.append("a", "2");
    form.append("file", new File([bytes(0, 255, 13, 10)], "n.bin", { type: "x/y" }));
    form.set('q"', "3");
    equal([form.getAll("a"), form.get('q"'), form.get("zz"), form.has("a")], [["é\nb", "2"], "3", null, true]);
    const read = await new Response(form).formData();
    equal([...read.keys()], ["a", 'q"', "a", "file"]);
    equal(read.getAll("a"), ["é\r\nb", "2"]);
    const file = read.get("file") as File;
    equal([file.name, file.type, [...new Uint8Array(await file.arrayBuffer())]], ["n.bin", "x/y", [0, 255, 13, 10]]);
    const encoded = new Response(new URLSearchParams({ a: "1 2" }));
    equal([...(await encoded.formData())], [["a", "1 2"]]);
    await rejects(new Response("x").formData(), "TypeError");
    const cut = new Response("--b\r\n", { headers: { "content-type": "multipart/form-data; boundary=b" } });
    await rejects(cut.formData(), "TypeError");
    form.delete("a");
    equal([...form.keys()], ['q"', "file"]);
  },
  "streams pass and cancel": async () => {
    const cancelled: unknown[] = [];
    let next = 0;
    const stream = new ReadableStream<number>({
      pull: (controller) => controller.enqueue((next += 1)),
      cancel: (reason) => void cancelled.push(reason),
    });
    const doubled = stream.pipeThrough(
      new TransformStream<number, number>({ transform: (value, controller) => controller.enqueue(value * 2) }),
    );
    const seen: number[] = [];
    for await (const value of doubled as any) {
      seen.push(value);
      if (seen.length === 3) {
        break;
      }
    }
    equal(seen, [2, 4, 6]);
    await pause(1);
    equal(cancelled.length, 1);
    const [one, other] = (ReadableStream as any).from(["a", "b"]).tee();
    equal([await collect(one), await collect(other)], [["a", "b"], ["a", "b"]]);
    const written: string[] = [];
    await (ReadableStream as any).from(["x", "y"]).pipeTo(new WritableStream({ write: (chunk) => void written.push(chunk) }));
    equal(written, ["x", "y"]);
  },
  "crypto makes random values": () => {
    equal(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), true);
    const values = crypto.getRandomValues(new Uint32Array(16));
    equal(new Set(values).size > 8, true);
    throws(() => crypto.getRandomValues(new Uint8Array(65_537)), "QuotaExceededError");
    throws(() => crypto.getRandomValues(new Float32Array(1) as any), "TypeMismatchError");
    const numbers = Array.from({ length: 1000 }, () => Math.random());
    equal(numbers.every((number) => number >= 0 && number < 1), true);
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    equal(mean > 0.4 && mean < 0.6, true);
  },
  "crypto.subtle makes digests": async () => {
    const digest = async (name: string, text: string) =>
      new Uint8Array(await crypto.subtle.digest(name, new TextEncoder().encode(text)));
    const sizes = { "SHA-1": 20, "SHA-256": 32, "sha-384": 48, "SHA-512": 64 };
    for (const [name, size] of Object.entries(sizes)) {
      equal((await digest(name, "x".repeat(1000))).length, size);
    }
    // "FIPS 180-2", and the same for more than one block.
    equal(hex(await digest("SHA-1", "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    equal(
      hex(await digest("SHA-256", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
    equal((await digest("SHA-384", "abc")).slice(0, 4), bytes(0xcb, 0x00, 0x75, 0x3f));
    equal((await digest("SHA-512", "abc")).slice(0, 4), bytes(0xdd, 0xaf, 0x35, 0xa1));
    equal((await crypto.subtle.digest({ name: "SHA-512" }, new DataView(new ArrayBuffer(3)))).byteLength, 64);
    await rejects(crypto.subtle.digest("MD5", bytes(1)), "NotSupportedError");
    await rejects(crypto.subtle.digest("SHA-256", "abc" as any), "TypeError");
  },
  "crypto.subtle signs and verifies with HMAC": async () => {
    // RFC 4231, test case 2.
    const [secret, message] = ["Jefe", "what do ya want for nothing?"].map((text) => new TextEncoder().encode(text));
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", secret, algorithm, true, ["sign", "verify"]);
    equal([key.type, key.extractable, key.algorithm, key.usages], [
      "secret", true, { name: "HMAC", hash: { name: "SHA-256" }, length: 32 }, ["sign", "verify"],
    ]);
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
    equal(hex(signature), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const verified = (given: Uint8Array<ArrayBuffer>) => crypto.subtle.verify("HMAC", key, given, message);
    equal(await verified(signature), true);
    equal(await verified(signature.slice(1)), false);
    signature[31] ^= 1;
    equal(await verified(signature), false);

    equal(hex(new Uint8Array(await crypto.subtle.exportKey("raw", key))), hex(secret));
    const { kty, k, alg } = await crypto.subtle.exportKey("jwk", key);
    equal([kty, k, alg], ["oct", "SmVmZQ", "HS256"]);
    const again = await crypto.subtle.importKey("jwk", { kty, k }, { name: "hmac", hash: { name: "sha-1" } }, false, ["sign"]);
    equal(again.algorithm, { name: "HMAC", hash: { name: "SHA-1" }, length: 32 });
    equal((await crypto.subtle.sign({ name: "HMAC" }, again, message)).byteLength, 20);
  },
  "crypto.subtle makes keys of the size of a block": async () => {
    for (const [hash, bits] of [["SHA-1", 512], ["SHA-256", 512], ["SHA-384", 1024], ["SHA-512", 1024]] as const) {
      const key = await crypto.subtle.generateKey({ name: "HMAC", hash }, true, ["sign"]);
      equal((await crypto.subtle.exportKey("raw", key)).byteLength, bits / 8);
      const signature = await crypto.subtle.sign("HMAC", key, bytes(1));
      equal(signature.byteLength * 8, Number(hash.slice(4)) === 1 ? 160 : Number(hash.slice(4)));
    }
  },
  "crypto.subtle refuses what a key is not for": async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes(1, 2), algorithm, false, ["verify"]);
    await rejects(crypto.subtle.sign("HMAC", key, bytes(1)), "InvalidAccessError");
    await rejects(crypto.subtle.importKey("raw", bytes(), algorithm, false, ["sign"]), "DataError");
    await rejects(crypto.subtle.importKey("raw", bytes(1), algorithm, false, []), "SyntaxError");
    await rejects(crypto.subtle.importKey("raw", bytes(1), algorithm, false, ["encrypt"]), "SyntaxError");
    await rejects(crypto.subtle.importKey("raw", bytes(1), { ...algorithm, length: 64 }, false, ["sign"]), "DataError");
    await rejects(crypto.subtle.importKey("jwk", { kty: "RSA" }, algorithm, false, ["sign"]), "DataError");
  },
  "structuredClone copies": () => {
    const shared = { a: new Date(5) };
    const value: any = { map: new Map([["k", shared]]), set: new Set([1]), shared, bytes: bytes(1), list: [, 1] };
    value.self = value;
    const copy = structuredClone(value);
    equal([copy.self === copy, copy.map.get("k") === copy.shared, copy.shared.a.getTime()], [true, true, 5]);
    equal([copy.set.has(1), [...copy.bytes], 0 in copy.list, copy.list.length], [true, [1], false, 2]);
    throws(() => structuredClone(() => 1), "DataCloneError");
    equal(structuredClone(new RangeError("x")).name, "RangeError");
  },
  "a Blob has bytes": async () => {
    const blob = new Blob(["a", bytes(98), new Blob(["c"])], { type: "Text/Plain" });
    equal([blob.size, blob.type, await blob.text(), await blob.slice(1, 2).text()], [3, "text/plain", "abc", "b"]);
    equal(await new Response(blob).text(), "abc");
  },
  "base64 is there": () => {
    equal([btoa("a\xff"), atob("Yf8=")], ["Yf8=", "a\xff"]);
    throws(() => btoa("€"), "InvalidCharacterError");
  },
  "a MessageChannel passes messages": async () => {
    const { port1, port2 } = new MessageChannel();
    const received = new Promise((resolve) => {
      port2.addEventListener("message", (event) => resolve((event as MessageEvent).data));
      port2.start();
    });
    port1.postMessage({ a: 1 });
    equal(await received, { a: 1 });
    port1.close();
  },
};

/** Runs all checks. Returns those that fail, with their reasons. */
export async function failures(): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      failed.push(`${name}: ${error}`);
    }
  }
  return failed;
}
