// Streams three numbers, one second apart: the JavaScript twin of `streaming-numbers`.

import { writeHeaders, write, finish } from 'bootstream:handler/response-stream@0.1.1';
import { subscribeDuration } from 'wasi:clocks/monotonic-clock@0.2.12';

const ONE_SECOND = 1_000_000_000; // nanoseconds

export function handle(event, context) {
  const { rawPath = '/' } = JSON.parse(decode(event));

  writeHeaders({
    status: 200,
    headers: [
      ['content-type', 'text/plain'],
      ['x-my-custom-header', 'streaming-javascript'],
      ['x-path', rawPath],
      ['x-request-id', context.requestId],
    ],
    cookies: [],
  });
  for (let number = 1; number <= 3; number += 1) {
    write(encode(`Number: ${number}\n`));
    subscribeDuration(ONE_SECOND).block();
  }
  write(encode('Streaming complete!\n'));
  finish();
}

// QuickJS has no TextEncoder and TextDecoder; these two do for UTF-8.

function encode(text) {
  const escaped = encodeURIComponent(text);
  const bytes = [];
  for (let at = 0; at < escaped.length; at += 1) {
    if (escaped[at] === '%') {
      bytes.push(parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(escaped.charCodeAt(at));
    }
  }
  return Uint8Array.from(bytes);
}

function decode(bytes) {
  let escaped = '';
  for (const byte of bytes) {
    escaped += `%${byte.toString(16).padStart(2, '0')}`;
  }
  return decodeURIComponent(escaped);
}
