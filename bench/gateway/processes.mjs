import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { residentMb } from '../daemon.mjs';

const STOP_MS = 10_000;

/** A program of a package below `folder`; throws where that is not installed. */
function findProgram(folder, path) {
  const file = fileURLToPath(new URL(`../../${folder}/node_modules/${path}`, import.meta.url));
  if (!existsSync(file)) throw new Error(`bench needs ${path}: run npm ci --prefix ${folder}`);
  return file;
}

/** A server or client that the tests run too. */
export const clientProgram = (path) => findProgram('test/clients', path);

/** Somebody else's gateway. */
export const peerProgram = (path) => findProgram('bench/peers', path);

export async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program that `stop` ends. */
export function startProgram([file, ...args], { env = {}, stdio = 'ignore' } = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(file, args, { stdio, env: { PATH, HOME, ...env } });
  const exited = once(child, 'exit');
  return {
    child,
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill();
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Tries until it succeeds, for as long as a server may take to start. */
export async function waitUntil(attempt) {
  const deadline = performance.now() + STOP_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The fields of /proc/<pid>/stat behind the name; undefined for a process that is gone. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** These processes and everything below them. */
export function processTree(roots) {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(statOf(name)?.[1])]);
  const found = new Set(roots);
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.add(child);
  return [...found];
}

/** Their share of the memory in MB, what they share with others counted in part. */
export const sumPssMb = (pids) => pids.reduce((sum, pid) => sum + residentMb(pid, 'Pss'), 0);

/** The CPU they have used, user and system, in ms. USER_HZ is 100 on every Linux. */
export const sumCpuMs = (pids) =>
  pids.map(statOf).reduce((sum, stat) => sum + (stat ? (Number(stat[11]) + Number(stat[12])) * 10 : 0), 0);
