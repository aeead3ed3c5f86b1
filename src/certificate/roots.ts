import { X509Certificate } from 'node:crypto';
import { Failure } from '../errors.ts';
import { readOwnFile } from '../files.ts';
import type { Paths } from '../paths.ts';
import { parsePem } from './pem.ts';

function holdsCertificates(text: string): boolean {
  const blocks = parsePem(text) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block.text).ca);
  } catch {
    return false;
  }
}

/**
 * The roots that clients trust, as PEM, for a command that makes none; undefined before the first run. Throws
 * `FILE_UNSAFE`, and `CERTIFICATE_UNUSABLE` for a damaged file.
 */
export function readRoots({ caBundle }: Pick<Paths, 'caBundle'>): string | undefined {
  const text = readOwnFile(caBundle, { secret: false });
  if (text === undefined || holdsCertificates(text)) return text;
  throw new Failure('CERTIFICATE_UNUSABLE', `${caBundle} is damaged`, {
    hint: 'claude-secure cert renew writes it anew',
  });
}
