import { test } from "node:test";

import { checks } from "./platform.ts";

for (const [name, check] of Object.entries(checks)) {
  test(name, check);
}
