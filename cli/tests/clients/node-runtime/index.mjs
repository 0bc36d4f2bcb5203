// A handler that streams: two words with a pause between them. The query of a Function URL may ask
// for `pause` in milliseconds, and for a failure: `fail=early`, `fail=late`, `fail=exit`.

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const { pause = "0", fail } = event.queryStringParameters ?? {};
  if (fail === "early") throw new Error("failed early");
  const body = awslambda.HttpResponseStream.from(stream, {
    statusCode: 201,
    headers: { "content-type": "text/plain", "x-request-id": context.awsRequestId },
    cookies: ["a=1", "b=2"],
  });
  body.write("first ");
  await sleep(Number(pause));
  console.log("awake again");
  if (fail === "late") throw new Error("failed late");
  if (fail === "exit") process.exit(3);
  body.write("second");
  body.end();
  await body.finished?.();
});
