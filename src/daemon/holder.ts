import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { escapeUnprintable } from '../log.ts';
import { execFileText } from '../spawn.ts';

const LISTENING = '0A';
/** 127.0.0.1 and 0.0.0.0, the first in the byte order of either kind of machine, and both in IPv6. */
const LOOPBACK_OR_ALL = /^(?:0100007F|7F000001|0{8}|0{32}|0{16}(?:FFFF0000|0000FFFF)(?:0100007F|7F000001))$/;

interface ListeningSocket {
  readonly uid: string;
  readonly inode: string;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * The socket that listens on the port, by /proc/net/tcp: columns 1 (address:port in hex), 3, 7 and 9. One on 127.0.0.1
 * or on every address counts before one on another address, such as [::1], which is in nobody's way there.
 */
function findSocket(port: number): ListeningSocket | undefined {
  const suffix = port.toString(16).toUpperCase().padStart(4, '0');
  let elsewhere: ListeningSocket | undefined;
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readText(`/proc/net/${table}`).split('\n').slice(1)) {
      const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
      const [address = '', localPort] = local.split(':');
      if (localPort !== suffix || state !== LISTENING || !uid || !inode) continue;
      if (LOOPBACK_OR_ALL.test(address)) return { uid, inode };
      elsewhere ??= { uid, inode };
    }
  }
  return elsewhere;
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((fd) => {
      try {
        return readlinkSync(join(directory, fd)) === `socket:[${inode}]`;
      } catch {
        return false;
      }
    });
  } catch {
    // Another account's process, or one that has just ended.
    return false;
  }
}

function describeLinux(port: number): string | undefined {
  const socket = findSocket(port);
  if (!socket) return undefined;
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsSocket(name, socket.inode));
  if (!pid) return `a process of uid ${socket.uid}`;
  const name = readText(`/proc/${pid}/comm`).trim();
  return `${escapeUnprintable(name)} (pid ${pid}, uid ${socket.uid})`;
}

/** `lsof -F` prints one field a line, its first letter naming it: p pid, c command, u uid. */
function describeByLsof(port: number): string | undefined {
  const text = execFileText('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pcu']);
  const field = (letter: string): string | undefined =>
    text
      ?.split('\n')
      .find((line) => line.startsWith(letter))
      ?.slice(1);
  const pid = field('p');
  return pid && `${escapeUnprintable(field('c') ?? 'a program')} (pid ${pid}, uid ${field('u') ?? '?'})`;
}

/** Who listens on the port, for a message: name, pid and uid as far as this account may know; else undefined. */
export function describeHolder(port: number): string | undefined {
  return process.platform === 'linux' ? describeLinux(port) : describeByLsof(port);
}
