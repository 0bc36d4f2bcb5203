export { handler, head } from "./handler.js";
export { eventStream, ndjson, readEvents, readLines } from "./formats.js";
export { log } from "./log.js";
export { requestFromEvent } from "./request.js";
export {
  AlreadyFinished,
  AlreadyStarted,
  Closed,
  HeadTooLarge,
  InvalidHeader,
  InvalidStatus,
  Refused,
  Rejection,
  StreamError,
} from "./errors.js";
