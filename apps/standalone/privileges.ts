import { type Account, runAs, serviceAccount } from '#embedded-postgres';

/** The account that the children run as; without ids, the account of this process. */
export type ChildIds = Account['ids'];

/**
 * The account that root's children run as: nothing that listens to the network needs root.
 * @param probe a file that they have to read
 */
export async function childIds(probe: string, note: (line: string) => void): Promise<ChildIds> {
  if (process.getuid?.() !== 0) return {};
  const account = serviceAccount(undefined, note);
  const read = `require('node:fs').readFileSync(process.argv[1])`;
  try {
    await runAs(account, process.execPath, ['-e', read, probe]);
    return account.ids;
  } catch {
    note(
      `the processes run as root, for ${account.name} can't read ${probe}: put the project (and Node) where others may read it, or start as an ordinary user`,
    );
    return {};
  }
}
