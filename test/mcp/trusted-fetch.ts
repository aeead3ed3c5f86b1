import { Agent, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici';
import { onTestFinished } from 'vitest';

const agents = new Map<string, Agent>();

/** Makes `trustedFetch` trust that certificate for the origin, until the test ends. */
export function trust(origin: string, ca: string): void {
  const agent = new Agent({ connect: { ca } });
  agents.set(origin, agent);
  onTestFinished(async () => {
    agents.delete(origin);
    await agent.destroy();
  });
}

/** The standard `fetch`, trusting what `trust` was told. */
export const trustedFetch: typeof fetch = (input, init) => {
  const url = String(input);
  const dispatcher = agents.get(new URL(url).origin)!;
  return undiciFetch(url, { ...(init as UndiciRequestInit), dispatcher }) as unknown as Promise<Response>;
};
