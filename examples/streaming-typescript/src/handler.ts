// Streams three numbers, one second apart: the TypeScript twin of `streaming-numbers`.

import { handler } from "bootstream";

interface Event {
  rawPath?: string;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export default handler<Event>(async (event, context, response) => {
  response.start({
    headers: {
      "content-type": "text/plain",
      "x-my-custom-header": "streaming-typescript",
      "x-path": event.rawPath ?? "/",
      "x-request-id": context.requestId,
    },
  });
  for (let number = 1; number <= 3; number += 1) {
    await response.write(`Number: ${number}\n`);
    await pause(1000);
  }
  await response.write("Streaming complete!\n");
});
