import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from '#runtime';
import { loadKeyFile } from './key-file';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('is made once, readable by its account alone, and stays', () => {
  const data = path.join(folder, 'data', 'of', 'mine');
  const key = loadKeyFile(data);
  expect(parseEnv({ SECRETS_KEY: key }).SECRETS_KEY).toHaveLength(1);
  expect(readdirSync(data)).toEqual(['secrets.key']);
  expect(statSync(path.join(data, 'secrets.key')).mode & 0o777).toBe(0o600);
  expect(loadKeyFile(data)).toBe(key);
  expect(loadKeyFile(folder)).not.toBe(key);
});

test('a key that is there is used, whoever wrote it', () => {
  writeFileSync(path.join(folder, 'secrets.key'), 'mine\n');
  expect(loadKeyFile(folder)).toBe('mine');
});

test('one that can not be read is told by its name, and not replaced', () => {
  const file = path.join(folder, 'secrets.key', 'a-folder');
  loadKeyFile(path.dirname(file));
  expect(() => loadKeyFile(folder)).toThrow(`can't be read: ${path.dirname(file)} (EISDIR)`);
});
