// `performance.now` with the host's clock. The engine's counts from the moment of the build.

import { clock } from "./loop.js";
import { isHandling } from "./phase.js";

const atBuild = performance.now.bind(performance);
let origin;
let originDate;

function start() {
  if (origin === undefined) {
    origin = clock();
    originDate = Date.now();
  }
}

export const ownPerformance = {
  now() {
    if (!isHandling()) {
      return atBuild();
    }
    start();
    return clock() - origin;
  },

  get timeOrigin() {
    if (isHandling()) {
      start();
    }
    return originDate ?? Date.now();
  },
};
