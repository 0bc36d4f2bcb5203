// What every invocation needs, as a module of its own: a fresh instance pays for each page of memory that it touches, so
// what is used together has to be made together.

import "./globals-early.js";

export { exported } from "./main.js";
export * from "../index.js";
