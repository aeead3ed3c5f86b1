import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export interface FakeClock {
  /** For a program whose wall clock `jump` sets; its monotonic clock goes on as it is. */
  readonly env: NodeJS.ProcessEnv;
  /** In libfaketime's words, from the real time: `+2h`, `-2h`, `+400d`, `+60` (seconds). */
  jump(offset: string): void;
}

/** A clock that is set by a file in the directory. */
export function createFakeClock(directory: string): FakeClock {
  const file = join(directory, 'clock');
  const jump = (offset: string): void => writeFileSync(file, offset);
  jump('+0');
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  return { env, jump };
}
