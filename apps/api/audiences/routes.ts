import { audienceAnswerSchema, audiencesAnswerSchema, reconcileAudienceSchema } from '#api-schemas';
import type { z } from 'zod';
import {
  AUDIENCES,
  audienceNamed,
  automationsOf,
  nameOfAudience,
  storedConfigSchema,
  syncedBy,
} from '#automations';
import { type AudienceCounts, listAudiences, loadSyncSegments, requestAudiences, type Sql } from '#database';
import type { AppDeps } from '../deps';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import { wakeRelay } from '../wake';

const tag = 'Audiences';

type AudienceView = z.input<typeof audienceAnswerSchema>['audience'];

/** The segments that sync each audience now, by their ids. */
async function segmentsByAudience(sql: Sql): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  const { segments } = await loadSyncSegments(sql);
  for (const { id, automationConfig } of segments) {
    const automations = automationsOf(storedConfigSchema.parse(JSON.parse(automationConfig)));
    for (const audience of syncedBy(automations).keys())
      found.set(audience, [...(found.get(audience) ?? []), id]);
  }
  return found;
}

/** @param known null: the reconciler has not come to it yet */
function viewOf(audience: string, segments: readonly string[], known: AudienceCounts | null): AudienceView {
  const { wanted = 0, applied = 0, pending = 0, failed = 0, settledAt = null } = known ?? {};
  // Segments that it was not compared with yet are a difference, too.
  const isCompared = known?.segments.join() === segments.join();
  return {
    ...nameOfAudience(audience),
    segments: [...segments],
    wanted: segments.length === 0 ? 0 : wanted,
    applied,
    pending,
    failed,
    settledAt: isCompared ? (settledAt?.toISOString() ?? null) : null,
  };
}

/** Audiences that a segment syncs, and those where something is left of one that did. */
async function viewAll({ db, reads }: AppDeps): Promise<AudienceView[]> {
  const synced = await segmentsByAudience(db);
  const known = new Map((await listAudiences(reads, null)).map((row) => [row.audience, row]));
  const left = [...known.values()].filter(({ applied, pending, failed }) => applied + pending + failed > 0);
  const names = new Set([...synced.keys(), ...left.map(({ audience }) => audience)]);
  return [...names]
    .toSorted()
    .map((audience) => viewOf(audience, synced.get(audience) ?? [], known.get(audience) ?? null));
}

/** Audiences that segments keep in sync. */
export function audienceRoutes(deps: AppDeps): Route[] {
  const { db } = deps;
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/audiences',
      access: 'admin',
      summary: 'Lists the audiences that segments sync: whom they should hold, and how far they are',
      tag,
      answers: { 200: audiencesAnswerSchema },
      handle: async () => ({ status: 200, body: { audiences: await viewAll(deps) } }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/growth/audiences/reconcile',
      access: 'admin',
      summary:
        'Compares a synced audience anew, and tries again what was given up; full sends everything again',
      tag,
      body: reconcileAudienceSchema,
      answers: { 202: audienceAnswerSchema },
      refusals: [404],
      handle: async ({ body: { full, ...name } }) => {
        const audience = audienceNamed(name);
        const segments = (await segmentsByAudience(db)).get(audience);
        if (segments === undefined) throw notFound('audience that a segment syncs');
        await requestAudiences(db, [{ audience, kind: full === true ? 'full' : 'compare' }]);
        await wakeRelay(deps, [AUDIENCES]);
        // Read from the database that was written: a replica may not know of the request yet.
        const [known = null] = await listAudiences(db, [audience]);
        return { status: 202, body: { audience: viewOf(audience, segments, known) } };
      },
    }),
  ];
}
