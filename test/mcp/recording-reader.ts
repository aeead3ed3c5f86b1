import type { ResponseStream } from '../../src/exchange.ts';

/** The reader of an event stream, with what it was sent. */
export function createReader(): ResponseStream & { readonly frames: string[] } {
  const frames: string[] = [];
  let closed = false;
  return {
    frames,
    get closed() {
      return closed;
    },
    write: (frame) => void frames.push(String(frame)),
    end() {
      closed = true;
    },
  };
}
