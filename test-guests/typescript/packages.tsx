// npm packages in a handler: hono, zod, nanoid, and React rendered as a stream.

import { requestFromEvent } from "bootstream";
import { Hono } from "hono";
import { streamText } from "hono/streaming";
import { nanoid } from "nanoid";
import { Suspense, use } from "react";
import { renderToReadableStream } from "react-dom/server";
import { z } from "zod";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const Order = z.object({ id: z.int().positive(), email: z.email() });

const app = new Hono();

app.get("/id", (c) => c.json({ id: nanoid(), size: nanoid(10).length }));

app.post("/order", async (c) => {
  const order = Order.safeParse(await c.req.json());
  return order.success ? c.json(order.data, 201) : c.json(z.flattenError(order.error).fieldErrors, 400);
});

app.get("/text", (c) =>
  streamText(c, async (stream) => {
    await stream.write("first\n");
    await pause(300);
    await stream.write(`second for ${c.req.query("name")}\n`);
  }),
);

function Slow({ text }: { text: Promise<string> }) {
  return <p>{use(text)}</p>;
}

app.get("/page", async (c) => {
  const text = pause(300).then(() => "slow & steady");
  const page = (
    <html>
      <body>
        <h1>Fast</h1>
        <Suspense fallback={<p>wait</p>}>
          <Slow text={text} />
        </Suspense>
      </body>
    </html>
  );
  return c.body(await renderToReadableStream(page), 200, { "content-type": "text/html" });
});

/** Answers the event of a front end. */
export function answer(event: unknown): Response | Promise<Response> {
  return app.fetch(requestFromEvent(event));
}
