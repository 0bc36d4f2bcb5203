// A scripted handler on aws-lambda-ric, AWS's runtime for Node.js, for the conformance suite
// (host/tests/it/any_runtime). It knows the steps of test-guests/README.md that this runtime can express.

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Writes, and waits while the receiver is behind.
const write = async (stream, chunk) => {
  if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve));
};

// The runtime's metadata has one value for each name.
const metadata = ({ status, headers = [], cookies = [] }) => {
  const joined = {};
  for (const [name, value] of headers) {
    joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
  }
  return { statusCode: status, headers: joined, cookies };
};

function* pattern({ total, chunk }) {
  for (let from = 0; from < total; from += chunk) {
    yield Buffer.from({ length: Math.min(chunk, total - from) }, (_, i) => (from + i) % 251);
  }
}

export const handler = awslambda.streamifyResponse(async (event, stream) => {
  let body = stream;
  for (const step of event.steps) {
    const [name, argument] = typeof step === "string" ? [step] : Object.entries(step)[0];
    if (name === "write_headers") {
      body = awslambda.HttpResponseStream.from(stream, metadata(argument));
    } else if (name === "write") {
      await write(body, argument);
    } else if (name === "write_bytes") {
      await write(body, Buffer.alloc(argument.len, argument.fill));
    } else if (name === "write_many") {
      for (let n = 0; n < argument.count; n++) await write(body, argument.chunk);
    } else if (name === "write_pattern") {
      for (const chunk of pattern(argument)) await write(body, chunk);
    } else if (name === "finish") {
      body.end();
    } else if (name === "sleep_ms") {
      await sleep(argument);
    } else if (name === "error" || name === "panic") {
      throw new Error(argument);
    } else {
      throw new Error(`unknown step ${name}`);
    }
  }
  if (!body.writableEnded) body.end();
});
