/** Loaded into the daemon: on SIGUSR2 it collects all garbage and writes down what is left, in bytes. */
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { HEAP_REPORT } = process.env;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  // What waits for its finalizer goes in the next turn.
  setImmediate(() => {
    collect();
    writeFileSync(`${HEAP_REPORT}.new`, String(process.memoryUsage().heapUsed));
    renameSync(`${HEAP_REPORT}.new`, HEAP_REPORT);
  });
});
