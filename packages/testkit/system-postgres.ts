import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Where Debian's packages put PostgreSQL: a folder for each major version. */
const VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL that the system's packages have installed; undefined without one. */
export function systemPostgres(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const folders = readdirSync(VERSIONS)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => path.join(VERSIONS, version));
  return folders.find((folder) => existsSync(path.join(folder, 'bin', 'initdb')));
}
