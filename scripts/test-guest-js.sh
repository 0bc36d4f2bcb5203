#!/bin/sh
# Usage: scripts/test-guest-js.sh
#
# Tests the package for handlers in JavaScript and TypeScript, and checks the types of the handlers that use it. Needs the
# packages that scripts/build-language-guests.sh installs.
set -eu

cd "$(dirname "$0")/.."

(cd guest-js && npm test --silent)
(cd test-guests/typescript && npm test --silent)
for example in streaming-javascript streaming-typescript; do
    (cd "examples/$example" && npm install --silent --no-fund --no-audit --ignore-scripts && npm test --silent)
done
