import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The person's home directory, always absolute: an empty or relative HOME would mean whatever project the person
 * stands in, which must neither take our keys nor choose what we run (R59). An account without a name, as in
 * containers, has none: `/`, as Docker has it.
 */
export function homeDirectory(env: NodeJS.ProcessEnv): string {
  const found = [env.HOME, homedir()].find((home) => home && isAbsolute(home));
  if (found) return found;
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}
