import { app } from "./app.js";

addEventListener("fetch", (event) => {
  const fetchEvent = /** @type {FetchEvent} */ (event);
  fetchEvent.respondWith(app.fetch(fetchEvent.request));
});
