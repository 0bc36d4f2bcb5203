import { Hono } from "hono";

import { numbers } from "./numbers.js";

export const app = new Hono();

app.get("/numbers", (c) => {
  const count = Number(c.req.query("count") ?? 3);
  c.header("content-type", "text/plain");
  c.header("x-my-custom-header", "streaming-hono");
  return c.body(numbers(count));
});
