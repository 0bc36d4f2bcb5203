export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const head = { statusCode: 200, headers: { "content-type": "text/plain", "x-path": event.rawPath } };
  const response = awslambda.HttpResponseStream.from(stream, head);
  response.write("hello");
  response.end();
});
