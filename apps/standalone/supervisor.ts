import { superviseChild, type ChildContext, type Program } from './supervised-child';

/** Programs that are kept running together. */
export type Supervisor = {
  /** Resolves when all were ready; rejects when one gave up before. */
  readonly ready: Promise<void>;
  /** Drains them one after the other, in the order of the list, and resolves when all are gone. */
  stop(): Promise<void>;
};

/** @param programs in the order in which they must stop: those that make work before those that do it */
export function supervise(programs: readonly Program[], context: Omit<ChildContext, 'halt'>): Supervisor {
  const halt = new AbortController();
  const children = programs.map((program) => ({
    program,
    child: superviseChild(program, { ...context, halt: halt.signal }),
  }));
  const ready = Promise.all(children.map(({ child }) => child.ready)).then(() => {});
  ready.catch(() => {}); // as for each of them
  return {
    ready,
    stop: async () => {
      halt.abort();
      const begin = Date.now();
      for (const { program, child } of children) await child.drain(begin + program.drainedAfterMs);
    },
  };
}
