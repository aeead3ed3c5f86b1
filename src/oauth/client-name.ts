import { limits } from '../limits.ts';

/**
 * What a client calls itself, fit to be shown: one line, no control, bidirectional or zero-width characters that
 * could rearrange the page or the terminal (R28). It stays unverified, and escaping stays the page's work.
 */
export function displayName(name: string | undefined): string {
  const visible = (name ?? '')
    .normalize('NFC')
    .replace(/[\p{Zl}\p{Zp}\p{Zs}\t\r\n]+/gu, ' ')
    .replace(/\p{C}/gu, '')
    .trim();
  return [...visible].slice(0, limits.clientNameLength).join('') || 'unnamed client';
}
