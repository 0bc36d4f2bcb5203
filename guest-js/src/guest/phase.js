// Whether the module is being evaluated while the component is made, or an event is handled.
//
// The memory after the evaluation is in the component. The host is not there meanwhile.

let handling = false;

export function isHandling() {
  return handling;
}

export function beginHandling() {
  handling = true;
}

/** Throws an `Error` during the build. `what` names the feature. */
export function needHost(what) {
  if (!handling) {
    throw new Error(
      `${what} works only while an event is handled: the top of a module runs once, when the component is made, so ` +
        "move this into the handler",
    );
  }
}
