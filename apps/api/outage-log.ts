import type { Log } from '#runtime';

const SAID_EVERY_MS = 10_000;

/** Tells of an outage now and then, for each request and each try to connect again meets it. */
export type OutageLog = (error: unknown, text: string) => void;

export function makeOutageLog(log: Log): OutageLog {
  const saidAt = new Map<string, number>();
  return (error, text) => {
    const now = Date.now();
    if (now - (saidAt.get(text) ?? 0) < SAID_EVERY_MS) return;
    saidAt.set(text, now);
    log.warn({ err: error }, text);
  };
}
