// The component's export `handle`: runs the handler, and reports what it throws.

import { Closed } from "../errors.js";
import { Handler } from "../handler.js";
import { SINK } from "../log.js";
import { handlerContext } from "./context.js";
import { host } from "./host.js";
import { errorText, inspect } from "./inspect.js";
import { runCallbacks, runUntilIdle, runUntilSettled, stop } from "./loop.js";
import { beginHandling } from "./phase.js";
import { abort } from "./process.js";

/** Returns the function that the component exports. Throws an `Error` if the module has no handler. */
export function exported(module) {
  const handler = find(module);
  globalThis[SINK] = host.logRecord;
  // What the top level has begun ends here, or fails the build.
  runCallbacks();
  return function handle(event, context) {
    beginHandling();
    try {
      const complete = runUntilSettled(handler.run(event, handlerContext(context), host));
      runUntilIdle();
      if (!complete) {
        finish();
      }
    } catch (error) {
      fail(error);
    } finally {
      stop();
    }
  };
}

function find(module) {
  if (module.default instanceof Handler) {
    return module.default;
  }
  throw new Error(
    "the module has no handler: write `export default handler(async (event, context, response) => ...)`, with " +
      "`handler` of `bootstream`",
  );
}

/** Ends a response that the handler left open. */
function finish() {
  try {
    host.finish();
  } catch (error) {
    if (error.code !== "already-finished") {
      throw error;
    }
  }
}

/** Logs an error with its stack trace, and ends the invocation with its text. */
function fail(error) {
  if (error instanceof InternalError && error.message === "out of memory") {
    // A trap after a refused growth of memory is reported as such.
    abort();
  }
  if (!(error instanceof Closed)) {
    host.log("error", inspect(error));
  }
  throw errorText(error).toWellFormed();
}
