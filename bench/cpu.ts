import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

type Stat = { readonly parent: number; readonly cpuMs: number };

function statOf(pid: string): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Own time and that of children that have ended: PostgreSQL's processes come and go.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { parent: Number(fields[1]), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
  } catch {
    return null;
  }
}

/** CPU time (ms) that the processes and their descendants have used so far. Linux only; null elsewhere. */
export function cpuMsOf(pids: readonly number[]): number | null {
  if (process.platform !== 'linux') return null;
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = new Map(all.map((pid) => [Number(pid), statOf(pid)]));
  const counted = new Set(pids);
  let grown = true;
  while (grown) {
    grown = false;
    for (const [pid, stat] of stats) {
      if (stat === null || counted.has(pid) || !counted.has(stat.parent)) continue;
      counted.add(pid);
      grown = true;
    }
  }
  return [...counted].reduce((sum, pid) => sum + (stats.get(pid)?.cpuMs ?? 0), 0);
}

/** CPU time (ms) that the whole machine has used, of all that it has had. */
function machineTimes(): { readonly busyMs: number; readonly allMs: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, tick) => sum + tick, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busyMs: ((all - idle) * 1000) / TICKS_PER_SECOND, allMs: (all * 1000) / TICKS_PER_SECOND };
}

/**
 * Watches from now on what else the machine does. Linux only.
 * @param pids of the servers that are no descendants of this process
 * @returns a function that gives what neither this process, its descendants nor these used, in percent of the machine
 */
export function watchOthers(pids: readonly number[]): () => number {
  if (process.platform !== 'linux') return () => NaN;
  const oursMs = (): number => cpuMsOf([process.pid, ...pids]) ?? 0;
  const [before, oursBefore] = [machineTimes(), oursMs()];
  return () => {
    const after = machineTimes();
    const others = after.busyMs - before.busyMs - (oursMs() - oursBefore);
    return Math.max(0, (100 * others) / (after.allMs - before.allMs));
  };
}
