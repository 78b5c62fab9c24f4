import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '#runtime';

/** A build of another revision, beside the working tree. */
export type Revision = { readonly name: string; readonly root: string; readonly remove: () => void };

const quietly = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] };

/** Builds the working tree: what is measured is what is there. @throws Error where the build fails */
export function buildWorkingTree(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: projectRoot(), ...quietly });
}

/** Checks a revision out into a folder of its own and builds it. @throws Error where git or the build fails */
export function buildRevision(revision: string): Revision {
  const here = projectRoot();
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim();
  const name = git('rev-parse', '--short', revision);
  const root = path.join(mkdtempSync(path.join(tmpdir(), 'segment-engine-revision-')), 'tree');
  git('worktree', 'add', '--detach', root, name);
  const remove = (): void => {
    git('worktree', 'remove', '--force', root);
    rmSync(path.dirname(root), { recursive: true, force: true });
  };
  try {
    const lockOf = (folder: string): string => readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
    // The same packages: nothing has to be installed again.
    if (lockOf(root) === lockOf(here))
      symlinkSync(path.join(here, 'node_modules'), path.join(root, 'node_modules'));
    else execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: root, ...quietly });
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, ...quietly });
  } catch (error) {
    remove();
    throw error;
  }
  return { name, root, remove };
}
