export function handle(request) {
  const headers = { "content-type": "text/plain", "x-path": new URL(request.url).pathname };
  return new Response("hello", { headers });
}
