import type { Config } from '../config.ts';
import { Failure } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { describeHolder } from './holder.ts';
import { candidatePorts, readStoredPort } from './port.ts';

/** The failure that names who holds the daemon's port, and how to move the daemon (R7). */
export function portTaken(paths: Paths, config: Pick<Config, 'port'>): Failure {
  const ports = candidatePorts(config.port, readStoredPort(paths));
  const [port] = ports;
  const holder = describeHolder(port) ?? 'another program';
  const last = ports.at(-1);
  const which =
    last === port ? `port ${port} is used by` : `all ports from ${port} to ${last} are used, the first by`;
  return new Failure('PORT_TAKEN', `${which} ${holder}`);
}
