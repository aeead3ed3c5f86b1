import type { Handler } from '../exchange.ts';

export interface EngineOptions {
  /** An IP address. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** One PEM file: the private key, then the certificate and its chain. */
  credentialsFile: string;
  /** Open at once; fewer where the process may not have so many descriptors. `limits.connections` unless told. */
  connections?: number;
  handle: Handler;
  /** Told of every exception of `handle` or of a close listener; the client got a bare 500. */
  onFault(error: unknown): void;
}

export interface Listener {
  readonly port: number;
  /** Open connections, those under an older certificate included. */
  connections(): number;
  /**
   * Reads `credentialsFile` again and serves it to new connections; open ones go on. Rejects with
   * `CERTIFICATE_UNUSABLE` and keeps the old pair if the new one is bad. Rejects with `PORT_TAKEN` if another
   * program took the port in between: open connections live on, but nobody listens any more.
   */
  swapCredentials(): Promise<void>;
  /** Stops listening, lets exchanges in flight end for `limits.drainMs`, then cuts what is left. */
  close(): Promise<void>;
}

export interface Engine {
  readonly name: 'uws' | 'https';
  /** One line: why this engine and not the other. */
  readonly reason: string;
  /**
   * Takes the port for itself alone. Rejects with `PORT_TAKEN` or `CERTIFICATE_UNUSABLE`.
   */
  listen(options: EngineOptions): Promise<Listener>;
}
