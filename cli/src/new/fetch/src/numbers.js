/**
 * Streams numbers, and pauses after each. The next line is made when the stream has room for it, so a caller who
 * reads slowly slows it down.
 *
 * @param {number} count
 * @param {number} pause in milliseconds
 * @returns {ReadableStream<Uint8Array>}
 */
export function numbers(count, pause = 1000) {
  const lines = lineByLine(count, pause);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      // An error that is thrown here breaks the response: the caller sees that its end is missing.
      const { done, value } = await lines.next();
      if (done) {
        controller.close();
      } else {
        controller.enqueue(encoder.encode(value));
      }
    },
  });
}

/**
 * @param {number} count
 * @param {number} pause
 */
async function* lineByLine(count, pause) {
  for (let number = 1; number <= count; number += 1) {
    yield `Number: ${number}\n`;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  yield "Streaming complete!\n";
}
