#!/usr/bin/env node
// Starts the executable of the package for this machine, and ends as it ends.
'use strict';
const { spawn } = require('node:child_process');
const path = require('node:path');

const name = `@bootstream/linux-${process.arch}`;

function executable() {
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin', 'bootstream');
  } catch {
    const why =
      process.platform === 'linux'
        ? 'install without --omit=optional and --no-optional'
        : 'bootstream needs Linux: use a container or WSL';
    console.error(`error: the package \`${name}\` is not installed: ${why}`);
    process.exit(1);
  }
}

const child = spawn(executable(), process.argv.slice(2), { stdio: 'inherit' });
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// The executable decides when to end.
for (const signal of signals) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`error: cannot start \`${child.spawnfile}\`: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  for (const each of signals) process.removeAllListeners(each);
  process.kill(process.pid, signal);
});
