export interface AttendedGrants {
  /** A client of that grant waits for changes; the result takes it back. */
  add(grantId: string): () => void;
  has(grantId: string): boolean;
}

/** Grants whose clients are there, though they have no sessions: they listen for changes. `onLeft` is told of the last. */
export function createAttendedGrants(onLeft: (grantId: string) => void): AttendedGrants {
  const counts = new Map<string, number>();
  return {
    add(grantId) {
      counts.set(grantId, (counts.get(grantId) ?? 0) + 1);
      return () => {
        const left = (counts.get(grantId) ?? 0) - 1;
        if (left > 0) {
          counts.set(grantId, left);
        } else if (counts.delete(grantId)) {
          onLeft(grantId);
        }
      };
    },
    has: (grantId) => counts.has(grantId),
  };
}
