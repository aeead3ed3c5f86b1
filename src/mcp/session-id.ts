import { randomBytes } from 'node:crypto';

/** 256 random bits (R48). */
export const newSessionId = (): string => randomBytes(32).toString('base64url');
