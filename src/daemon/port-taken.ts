import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { describeHolder } from './holder.ts';
import { candidatePorts, readStoredPort } from './port.ts';

/** Below it, Unix keeps ports for those who may. */
const UNPRIVILEGED = 1_024;

/** The failure that names who holds the daemon's port, and how to move the daemon (R7). */
export function portTaken(paths: Paths, config: Pick<Config, 'port'>): Failure {
  const ports = candidatePorts(config.port, readStoredPort(paths));
  const [port] = ports;
  const holder = describeHolder(port);
  if (holder === undefined && port < UNPRIVILEGED) {
    return new Failure(
      'PORT_TAKEN',
      `nobody is seen on port ${port}, but the system does not give it to us`,
      {
        hint: `ports below ${UNPRIVILEGED} need a privilege; set CLAUDE_SECURE_PORT to a higher one`,
      },
    );
  }
  const last = ports.at(-1);
  const which =
    last === port ? `port ${port} is used by` : `all ports from ${port} to ${last} are used, the first by`;
  return new Failure('PORT_TAKEN', `${which} ${holder ?? 'another program'}`);
}
