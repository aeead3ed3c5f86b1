const FIRST_PAUSE_MS = 25;
const LAST_PAUSE_MS = 200;
const GROWTH = 1.2;

/**
 * Asks again and again, 25 ms apart and growing to 200 ms, until the answer is not undefined; undefined after
 * `timeoutMs`. What `ask` throws ends it.
 */
export async function pollUntil<T>(
  timeoutMs: number,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LAST_PAUSE_MS)) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
