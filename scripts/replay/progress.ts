const LINE_EVERY_MS = 5_000;
const REDRAW_EVERY_MS = 100;

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`. */
export function formatCount(value: number): string {
  return count.format(value);
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `45,000 of 69,659 events (65 %), 12,300/s, 2 s left`. */
export function progressLine(sent: number, total: number, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (sent / elapsedMs) * 1000 : 0;
  const share = total > 0 ? Math.floor((sent / total) * 100) : 100;
  const left = perSecond > 0 ? `, ${formatSeconds((total - sent) / perSecond)} left` : '';
  const of = `${formatCount(sent)} of ${formatCount(total)} events`;
  return `${of} (${share} %), ${formatCount(perSecond)}/s${left}`;
}

/** Where progress is shown. */
export type Screen = { readonly isTTY?: boolean; write(text: string): unknown };

export type Progress = {
  add(events: number): void;
  /** Shown until the next event is sent. */
  waiting(reason: string, delayMs: number): void;
  /** @returns events sent, and the time since the beginning */
  end(): { readonly sent: number; readonly elapsedMs: number };
};

/** One line that changes in place on a terminal, a line every five seconds elsewhere. */
export function makeProgress(screen: Screen, total: number): Progress {
  const startedAt = performance.now();
  const isTerminal = screen.isTTY === true;
  let sent = 0;
  let shownAt = isTerminal ? -Infinity : startedAt;
  const show = (text: string): void => {
    const now = performance.now();
    if (now - shownAt < (isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
    shownAt = now;
    screen.write(isTerminal ? `\r\u001B[2K${text}` : `${text}\n`);
  };
  return {
    add(events) {
      sent += events;
      show(progressLine(sent, total, performance.now() - startedAt));
    },
    waiting(reason, delayMs) {
      show(`${formatCount(sent)} sent; trying again in ${formatSeconds(delayMs / 1000)}: ${reason}`);
    },
    end() {
      if (isTerminal) screen.write('\r\u001B[2K');
      return { sent, elapsedMs: performance.now() - startedAt };
    },
  };
}
