import { handle } from "./app.js";

addEventListener("fetch", (event) => {
  const fetchEvent = /** @type {FetchEvent} */ (event);
  fetchEvent.respondWith(handle(fetchEvent.request));
});
