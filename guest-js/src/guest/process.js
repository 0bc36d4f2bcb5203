// The part of Node.js's `process` that programs expect everywhere.

import { getEnvironment } from "wasj:cli/environment@0.2.9";
import { exit as exitHost } from "wasj:cli/exit@0.2.9";
import { getStderr } from "wasj:cli/stderr@0.2.9";
import { getStdout } from "wasj:cli/stdout@0.2.9";
import { poll } from "wasj:io/poll@0.2.9";

import { toBytes } from "../chunks.js";
import { isHandling, needHost } from "./phase.js";
import { enqueue } from "./jobs.js";

let env;

/** Returns the variables of the environment. There are none during the build. */
function environment() {
  if (!isHandling()) {
    return {};
  }
  env ??= Object.fromEntries(getEnvironment());
  return env;
}

function exit(code = 0) {
  needHost("`process.exit`");
  exitHost({ tag: Number(code) === 0 ? "ok" : "err" });
}

/** Traps. */
export function abort() {
  needHost("`process.abort`");
  // A list without pollables is a trap.
  poll([]);
}

/** Returns an output of text and bytes. */
function output(open) {
  let stream;
  return {
    write(chunk) {
      if (!isHandling()) {
        return true;
      }
      stream ??= open();
      let rest = toBytes(chunk);
      while (rest.length > 0) {
        const room = stream.checkWrite();
        if (room === 0) {
          wait(stream);
          continue;
        }
        stream.write(rest.slice(0, room));
        rest = rest.subarray(room);
      }
      stream.flush();
      return true;
    },
  };
}

function wait(stream) {
  const pollable = stream.subscribe();
  pollable.block();
  pollable[Symbol.dispose]();
}

export const process = {
  get env() {
    return environment();
  },
  exit,
  abort,
  nextTick: (callback, ...args) => enqueue(() => callback(...args)),
  stdout: output(getStdout),
  stderr: output(getStderr),
};
