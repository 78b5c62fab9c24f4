import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A block of code in a page. */
export type DocsBlock = {
  /** As the fence names it: `sh`, `ts`, `json`; empty for none. */
  readonly language: string;
  /** What a comment before the fence says of it, e.g. `<!-- criteria -->`; null for none. */
  readonly kind: string | null;
  readonly code: string;
};

/** A page of the documentation. */
export type DocsPage = {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly DocsBlock[];
};

function blocksOf(text: string): DocsBlock[] {
  const fences = text.matchAll(/(?:<!-- ([\w-]+) -->\n+)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, kind, language, code]) => ({
    language: language ?? '',
    kind: kind ?? null,
    code: code ?? '',
  }));
}

/** README, CONTRIBUTING and all pages of `docs/`. */
export function readDocs(root: string): DocsPage[] {
  const folder = path.join(root, 'docs');
  const pages = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
  return ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)].map((name) => {
    const file = path.join(root, name);
    const text = readFileSync(file, 'utf8');
    return { name, file, text, blocks: blocksOf(text) };
  });
}
