/** Shorter values, such as `1`, `true` or a port, are no secrets, and without them a log would be unreadable. */
const SECRET_LENGTH = 6;

/** Cuts secrets out of a line; of one that was cut off, also what may be the beginning of a secret. */
export type Redact = (line: string, isCutOff?: boolean) => string;

/**
 * Takes every configured value for a secret. The lines of a value count singly: a key in PEM comes out of a program
 * line by line.
 */
export function createRedactor(configured: readonly string[]): Redact {
  const secrets = configured
    .flatMap((value) => value.split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line.length >= SECRET_LENGTH)
    // One that holds another goes first, or its rest would stay.
    .sort((left, right) => right.length - left.length);
  const longest = secrets[0]?.length ?? 0;
  return (line, isCutOff = false) => {
    const text = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), line);
    return isCutOff ? text.slice(0, Math.max(0, text.length - longest)) : text;
  };
}
