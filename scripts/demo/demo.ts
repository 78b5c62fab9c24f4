import { randomBytes } from 'node:crypto';
import { makeClient, ProblemError, type SegmentEngineClient } from '#client';
import { type Play, playAda, playBen, playCleo, playDora, playEve } from './acts';
import { makeEcho } from './echo';
import { startEngine } from './engine';
import { type Receivers, startReceivers } from './receivers';
import { createSegments, definitions, type DemoSegments } from './segments';
import { makeTale } from './tale';
import type { Terminal } from './terminal';
import { DemoFailure } from './until';

/** Characters. */
const NAMES_SHOWN = 200;

export type DemoSettings = {
  readonly terminal: Terminal;
  /** A server that runs already; unset: one is started for the demo. */
  readonly url: string | undefined;
  readonly adminKey: string | undefined;
  readonly writeKey: string | undefined;
  /** Gets everything that must be undone, each as soon as it is there. */
  readonly atEnd: (close: () => Promise<unknown>) => void;
};

async function requireEngine(url: string): Promise<void> {
  const isReady = await fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isReady) throw new DemoFailure(`no engine that is ready answers at ${url} (SEGMENT_ENGINE_URL)`);
}

async function reachEngine({ url, terminal, atEnd }: DemoSettings, receivers: Receivers): Promise<string> {
  if (url !== undefined) {
    terminal.step(`engine     ${url}`);
    terminal.note(
      'the people of the demo have a mark by which no one else gets into its segments, and Resend and',
    );
    terminal.note('Meta are left out: those of a running server may be the real ones');
    await requireEngine(url);
    return url;
  }
  const startedAt = performance.now();
  let own = '';
  await startEngine(receivers.urls, (engine) => {
    own = engine.url;
    atEnd(() => engine.stop());
  });
  terminal.step(`engine     ${own}, with its own PostgreSQL, ready after`, performance.now() - startedAt);
  return own;
}

function explained(error: unknown): unknown {
  const isAddress =
    error instanceof ProblemError && error.errors.some(({ path }) => path.includes('webhook'));
  if (!isAddress) return error;
  return new DemoFailure(
    `${error.message}. The server must be on this machine, with WEBHOOK_ALLOW_CIDRS=127.0.0.0/8`,
  );
}

async function openSegments(
  client: SegmentEngineClient,
  { terminal, atEnd }: DemoSettings,
  receivers: Receivers,
  mark: string | undefined,
): Promise<DemoSegments> {
  const defined = definitions(receivers.urls.webhook, mark);
  terminal.heading('Three segments, by createSegment({...})');
  const made = (id: string): void => {
    if (mark !== undefined) atEnd(() => client.deleteSegment(id));
  };
  const segments = await createSegments(client, defined, made).catch((error: unknown) => {
    throw explained(error);
  });
  for (const key of ['trial', 'churned', 'power'] as const) {
    terminal.check(segments[key].name);
    terminal.note(defined[key].says);
  }
  return segments;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return `median ${at(0.5)} ms, slowest ${at(1)} ms (${values.length})`;
}

async function close(
  { client, tale, echo, terminal, nameOf }: Play,
  segments: DemoSegments,
  receivers: Receivers,
): Promise<void> {
  terminal.heading('In the end');
  const expected = { trial: [], churned: [nameOf('dora'), nameOf('eve')], power: [nameOf('cleo')] } as const;
  for (const key of ['trial', 'churned', 'power'] as const) {
    const { members } = await client.listMembers(segments[key].id);
    const { stats } = await client.getSegmentStats(segments[key].id);
    const names = members
      .map(({ userId }) => userId ?? '')
      .toSorted((one, other) => one.localeCompare(other))
      .join(', ');
    if (names !== expected[key].join(', ') || stats.memberCount !== expected[key].length)
      throw new DemoFailure(
        `"${segments[key].name}" has ${stats.memberCount} members: ${names.slice(0, NAMES_SHOWN)}`,
      );
    const moves = `${stats.enteredLast24h} entered, ${stats.exitedLast24h} left`;
    terminal.check(`${segments[key].name.padEnd(32)}${(names === '' ? 'nobody' : names).padEnd(28)}${moves}`);
  }
  const unexpected = receivers.unexpected();
  if (unexpected.length > 0) throw new DemoFailure(`calls that nobody announced: ${unexpected.join('; ')}`);
  terminal.check('every call that arrived is one of those above');
  terminal.step(`POST to the committed transition, seen through the API: ${spread(tale.transitionsMs)}`);
  terminal.step(`POST to the call of the automation:                     ${spread(echo.callsMs)}`);
}

/**
 * Plays the demo. @throws DemoFailure, in one line, when anything is not as it says
 */
export async function playDemo(settings: DemoSettings): Promise<void> {
  const { terminal, url, adminKey, writeKey, atEnd } = settings;
  terminal.title('Segment Engine: from an event to a segment to an automation');
  const receivers = await startReceivers();
  atEnd(() => receivers.close());
  const { Resend, Meta, webhook } = receivers.urls;
  terminal.step(`receivers  Resend ${Resend}, Meta ${Meta}, webhooks ${webhook}`);
  const client = makeClient({ baseUrl: await reachEngine(settings, receivers), adminKey, writeKey });
  const mark = url === undefined ? undefined : randomBytes(3).toString('hex');
  const segments = await openSegments(client, settings, receivers, mark);

  const tale = makeTale({ client, terminal, segments, mark });
  const echo = makeEcho({ receivers, segments, terminal, tale, withVendors: mark === undefined });
  const play: Play = {
    client,
    tale,
    echo,
    terminal,
    told: new Set(mark === undefined ? ['Resend', 'Meta', 'webhook'] : ['webhook']),
    nameOf: (name) => (mark === undefined ? name : `${name}-${mark}`),
  };
  await playAda(play);
  await playBen(play);
  await playDora(play);
  await playCleo(play);
  await playEve(play);
  await close(play, segments, receivers);
}
