// Streams three numbers, one second apart: the JavaScript twin of `streaming-numbers`.

import { handler } from "bootstream";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default handler(async (event, context, response) => {
  response.start({
    headers: {
      "content-type": "text/plain",
      "x-my-custom-header": "streaming-javascript",
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
