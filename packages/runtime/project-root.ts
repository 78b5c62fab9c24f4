import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of this project's `package.json`, found upwards from here: the same from source and from `dist/`. */
export function projectRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}
