// The AWS SDK for JavaScript as a caller of the local Lambda. See ../README.md.

import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";

const text = new TextDecoder();

function report(key, value) {
  process.stdout.write(JSON.stringify({ [key]: value }) + "\n");
}

function logOf(encoded) {
  return encoded ? Buffer.from(encoded, "base64").toString() : null;
}

function input(request) {
  const payload = request.padding ? JSON.stringify("x".repeat(request.padding)) : request.payload;
  return {
    FunctionName: request.function,
    Payload: new TextEncoder().encode(payload),
    InvocationType: request.type,
    LogType: request.log ? "Tail" : undefined,
    Qualifier: request.qualifier,
  };
}

async function stream(client, request) {
  const answer = await client.send(new InvokeWithResponseStreamCommand(input(request)));
  report("head", { status: answer.$metadata.httpStatusCode, version: answer.ExecutedVersion });
  for await (const event of answer.EventStream ?? []) {
    if (event.PayloadChunk) {
      report("chunk", text.decode(event.PayloadChunk.Payload));
    } else {
      const { ErrorCode, ErrorDetails, LogResult } = event.InvokeComplete;
      report("complete", {
        code: ErrorCode ?? null,
        details: ErrorDetails ?? null,
        log: logOf(LogResult),
      });
    }
  }
}

async function invoke(client, request) {
  const answer = await client.send(new InvokeCommand(input(request)));
  report("head", {
    status: answer.StatusCode,
    version: answer.ExecutedVersion,
    payload: answer.Payload?.length ? text.decode(answer.Payload) : "",
    error: answer.FunctionError ?? null,
    log: logOf(answer.LogResult),
  });
}

const request = JSON.parse(process.argv[2]);
const client = new LambdaClient({
  endpoint: request.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  maxAttempts: 1,
});
try {
  await { stream, invoke }[request.operation](client, request);
} catch (error) {
  if (error.$metadata === undefined) throw error;
  report("exception", {
    name: error.name,
    status: error.$metadata.httpStatusCode,
    message: error.message,
  });
}
