import { limits } from '../limits.ts';

export interface Heartbeat {
  stop(): void;
}

export interface HeartbeatDuties {
  /** Every beat: cheap looks at the clock and at our own files. */
  each(): void;
  /** Every `limits.renewalCheckMs`, and at once after a sleep of the machine. */
  hourly(): void;
}

/**
 * The daemon's one timer. Long timers lie on a laptop: after a sleep they fire late by the time slept. So one
 * short beat compares the wall clock with the monotonic one, and a gap makes every duty due.
 */
export function startHeartbeat(beatMs: number, duties: HeartbeatDuties): Heartbeat {
  let hourlyDue = performance.now() + limits.renewalCheckMs;
  let drift = Date.now() - performance.now();

  const timer = setInterval(() => {
    const now = performance.now();
    const driftNow = Date.now() - now;
    const jumped = Math.abs(driftNow - drift) > limits.clockGapMs;
    drift = driftNow;
    duties.each();
    if (jumped || now >= hourlyDue) {
      hourlyDue = now + limits.renewalCheckMs;
      duties.hourly();
    }
  }, beatMs);
  return { stop: () => clearInterval(timer) };
}
