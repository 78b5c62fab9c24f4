import { readdirSync, readFileSync } from 'node:fs';

function field(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

function descendants(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return [[Number(pid), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])] as const];
      } catch {
        return [];
      }
    });
  const found = [root];
  for (const pid of found)
    found.push(...parents.flatMap(([child, parent]) => (parent === pid ? [child] : [])));
  return found;
}

/** Memory (MB) that processes and their descendants hold, what they share counted once. Linux only; 0 elsewhere. */
function memoryOf(pids: readonly number[]): number {
  if (process.platform !== 'linux') return 0;
  let sum = 0;
  for (const pid of pids.flatMap(descendants)) {
    try {
      sum += field(`/proc/${pid}/smaps_rollup`, 'Pss');
    } catch {
      // It has ended.
    }
  }
  return sum;
}

/** Watches the memory of processes, by name. @returns ends the watch and gives each one's peak (MB) */
export function watchMemory(pids: Readonly<Record<string, readonly number[]>>): () => Record<string, number> {
  const peaks: Record<string, number> = {};
  const look = (): void => {
    for (const [name, list] of Object.entries(pids)) peaks[name] = Math.max(peaks[name] ?? 0, memoryOf(list));
  };
  look();
  const timer = setInterval(look, 1000);
  return () => {
    clearInterval(timer);
    look();
    return peaks;
  };
}
