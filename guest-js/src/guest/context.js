// The context of an invocation.

class Context {
  constructor(fields) {
    // What the host does not have is `null` in the bindings.
    for (const [name, value] of Object.entries(fields)) {
      this[name] = value ?? undefined;
    }
  }

  getRemainingTimeInMillis() {
    return Math.max(0, this.deadlineMs - Date.now());
  }
}

export function handlerContext(fields) {
  return new Context(fields);
}
