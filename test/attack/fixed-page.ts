import { expect } from 'vitest';
import type { HttpsAnswer } from '../support/https-request.ts';

/** A page that says no, and sends nobody anywhere (R29). */
export function expectFixedPage({ status, headers, text }: HttpsAnswer, why: string, expected = 400): void {
  expect([status, headers.location, headers['content-type']]).toEqual([
    expected,
    undefined,
    'text/html; charset=utf-8',
  ]);
  expect(text).toContain(`<p>${why}.</p>`);
}
