// The globals of the web platform that not every invocation needs. Imported before the program.

import "./core.js";
import "core-js/web/url.js";
import "core-js/web/url-search-params.js";

import { Blob, File } from "./blob.js";
import { MessageChannel, MessageEvent, MessagePort } from "./channel.js";
import { structuredClone } from "./clone.js";
import { define } from "./define.js";
import { AbortController, AbortSignal, CustomEvent, Event, EventTarget } from "./events.js";
import { fetch } from "./fetch.js";
import { FormData } from "./form-data.js";
import { Headers } from "./headers.js";
import { Request, Response } from "./messages.js";
import { streams, TextDecoderStream, TextEncoderStream } from "./streams.js";

define({
  ...streams,
  AbortController, AbortSignal, Blob, CustomEvent, Event, EventTarget, File, FormData, Headers, MessageChannel,
  MessageEvent, MessagePort, Request, Response,
  TextDecoderStream, TextEncoderStream, fetch, structuredClone,
});
