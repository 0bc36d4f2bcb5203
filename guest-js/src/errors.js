// What can go wrong with a response.

/** The host refused a call on the response. A refused call leaves the response unchanged. */
export class StreamError extends Error {
  /** The name of the error in the contract. */
  code = "other";
}
StreamError.prototype.name = "StreamError";

function named(Class, name) {
  Object.defineProperty(Class.prototype, "name", { value: name, writable: true, configurable: true });
}

export class AlreadyStarted extends StreamError {
  code = "already-started";

  constructor() {
    super("the response has already started");
  }
}
named(AlreadyStarted, "AlreadyStarted");

export class AlreadyFinished extends StreamError {
  code = "already-finished";

  constructor() {
    super("the response has already finished");
  }
}
named(AlreadyFinished, "AlreadyFinished");

export class Closed extends StreamError {
  code = "closed";

  constructor() {
    super("the response is closed: its reader is gone");
  }
}
named(Closed, "Closed");

export class InvalidStatus extends StreamError {
  code = "invalid-status";

  constructor(status) {
    super(`the status \`${status}\` is outside 100 to 599`);
    this.status = status;
  }
}
named(InvalidStatus, "InvalidStatus");

export class InvalidHeader extends StreamError {
  code = "invalid-header";

  constructor(reason) {
    super(`invalid header: ${reason}`);
    this.reason = reason;
  }
}
named(InvalidHeader, "InvalidHeader");

export class HeadTooLarge extends StreamError {
  code = "head-too-large";

  constructor(actualBytes, limitBytes) {
    super(`the response head takes ${actualBytes} bytes, the limit is ${limitBytes} bytes`);
    this.actualBytes = actualBytes;
    this.limitBytes = limitBytes;
  }
}
named(HeadTooLarge, "HeadTooLarge");

export class Refused extends StreamError {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}
named(Refused, "Refused");

/** An error that is the caller's fault. See `index.d.ts`. */
export class Rejection extends Error {
  constructor(status, message) {
    if (!Number.isInteger(status) || status < 400 || status > 499) {
      throw new RangeError(`a rejection has a status of 400 to 499, not ${status}`);
    }
    super(message);
    this.status = status;
  }
}
named(Rejection, "Rejection");
