import type { Sending } from './harness';

/** A request that must be refused: with which status, and with which paths among the `errors` (null: not looked at). */
export type WrongRequest = readonly [
  what: string,
  method: string,
  path: string,
  sending: Sending,
  status: number,
  paths: readonly string[] | null,
];

export const EVENTS = '/api/growth/events';
export const SEGMENTS = '/api/growth/segments';
export const UNKNOWN = '0190a1b2-0000-7000-8000-00000000dead';
export const event = (fields: object): Sending => ({ body: { event: 'e', userId: 'u', ...fields } });
export const raw = (body: string | Buffer, type = 'application/json'): Sending => ({
  body,
  headers: { 'content-type': type },
});
export const segment = (fields: object): Sending => ({
  body: { name: 's', criteria: { person: { hasEmail: true } }, ...fields },
});
export const webhook = (fields: object): Sending =>
  segment({ automationConfig: { webhook: { url: 'https://example.com/', ...fields } } });
export const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
export const nots = (levels: number): string => `${'{"not":'.repeat(levels)}{}${'}'.repeat(levels)}`;
