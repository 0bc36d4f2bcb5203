// Web streams of `web-streams-polyfill`, and those that encode and decode text.

import * as streams from "web-streams-polyfill";

export class TextEncoderStream extends streams.TransformStream {
  constructor() {
    const encoder = new TextEncoder();
    super({ transform: (text, controller) => controller.enqueue(encoder.encode(String(text))) });
  }

  get encoding() {
    return "utf-8";
  }
}

export class TextDecoderStream extends streams.TransformStream {
  #decoder;

  constructor(label, options) {
    const decoder = new TextDecoder(label, options);
    const pass = (text, controller) => {
      if (text !== "") {
        controller.enqueue(text);
      }
    };
    super({
      transform: (chunk, controller) => pass(decoder.decode(chunk, { stream: true }), controller),
      flush: (controller) => pass(decoder.decode(), controller),
    });
    this.#decoder = decoder;
  }

  get encoding() {
    return this.#decoder.encoding;
  }
}

export { streams };
