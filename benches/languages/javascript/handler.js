import { handler } from "bootstream";

export default handler(async (event, context, response) => {
  response.start({ headers: { "content-type": "text/plain", "x-path": event.rawPath } });
  await response.write("hello");
});
