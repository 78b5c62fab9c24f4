import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '#runtime';
import { NEEDED_BY } from './child-environment';

type Service = {
  readonly image: string;
  readonly user?: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | number>>;
  readonly [key: string]: unknown;
};

const read = (name: string): string => readFileSync(path.join(projectRoot(), name), 'utf8');
const compose: { services: Record<string, Service>; networks: Record<string, unknown> } = parse(
  read('docker-compose.yml'),
  { merge: true },
);
const { services } = compose;
const names = Object.keys(services);

test('the services are those of the documentation', () => {
  expect(names).toEqual(['postgres', 'redis', 'migrate', 'api', 'worker', 'dispatcher']);
});

test.each(names)('%s writes to volumes alone, gains no rights, and has its bounds', (name) => {
  const service = services[name];
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: expect.arrayContaining(['/tmp']),
    pids_limit: expect.any(Number),
    mem_limit: expect.stringMatching(/^\d+g$/),
  });
  expect(service).not.toHaveProperty('cap_add');
  expect(service).not.toHaveProperty('privileged');
  // The image of the engine says its own.
  if (service?.image !== 'segment-engine') expect(service?.user).toMatch(/^(postgres|redis)$/);
  // The job ends by itself.
  if (name !== 'migrate') expect(service).toHaveProperty('healthcheck.test');
});

test('only the API is published, and data are kept apart', () => {
  expect(names.filter((name) => services[name]?.['ports'] !== undefined)).toEqual(['api']);
  expect(services['api']?.['ports']).toEqual(['${PUBLISH:-127.0.0.1:3000}:3000']);
  expect(compose.networks['data']).toEqual({ internal: true });
  for (const name of ['postgres', 'redis', 'migrate', 'worker'])
    expect(services[name]?.['networks']).toEqual(['data']);
});

test('Redis asks for a password, persists each write, and never evicts', () => {
  const command = services['redis']?.command.join(' ') ?? '';
  for (const part of [
    '--requirepass ${REDIS_PASSWORD',
    '--appendonly yes',
    '--appendfsync always',
    'noeviction',
  ]) {
    expect(command).toContain(part);
  }
  expect(services['api']?.environment['REDIS_URL']).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD/);
});

/** What only a process on its own, or `npm start`, is told. */
const NOT_HERE = ['DATA_DIR', 'EMBEDDED_DATA_FOLDER', 'MIN_FREE_DISK_MB', 'QUEUE_DATABASE_URL'];

test.each(['api', 'worker', 'dispatcher'] as const)(
  '%s gets every variable that it needs, and no other',
  (name) => {
    const given = Object.keys(services[name]?.environment ?? {});
    const needed = Object.entries(NEEDED_BY).flatMap(([variable, by]) =>
      by.includes(name) && !NOT_HERE.includes(variable) ? [variable] : [],
    );
    const own = name === 'api' ? [] : ['HEALTH_PORT'];
    expect(given.toSorted()).toEqual([...needed, ...own].toSorted());
  },
);

test('what .env has to hold stands in .env.example', () => {
  const asked = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  const offered = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
  expect(new Set(asked)).toEqual(new Set(offered));
});

test('the image runs a Node that is looked after, as no root', () => {
  const image = read('Dockerfile');
  const bases = [...image.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases)).toEqual(new Set(['node:24-bookworm-slim']));
  expect(image).toMatch(/^USER node$/m);
});
