import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { automationTestAnswerSchema } from '#api-schemas';
import { type Automation, automationsOf } from '#automations';
import type { SegmentRow } from '#database';
import { type AttemptResult, deliverOne, type Destination } from '#destinations';
import type { AppDeps } from '../deps';
import { storedConfig } from './view';

type TestResult = z.infer<typeof automationTestAnswerSchema>['results'][number];

const UNSENT = { ok: false, status: null, error: null, durationMs: null, responseBody: null } as const;

/**
 * Tries out one automation of a segment, or all of them at once, now: a webhook is sent a sample, an audience is looked
 * up and not changed. Nothing is recorded. Null: no such automation.
 */
export async function testAutomations(
  deps: AppDeps,
  segment: SegmentRow,
  automationId: string | undefined,
): Promise<TestResult[] | null> {
  const automations = automationsOf(storedConfig(segment));
  const chosen =
    automationId === undefined ? automations : automations.filter(({ id }) => id === automationId);
  if (automationId !== undefined && chosen.length === 0) return null;
  return Promise.all(chosen.map((automation) => testOne(deps, segment, automation)));
}

async function testOne(
  { destinations, clock = Date.now }: AppDeps,
  segment: SegmentRow,
  automation: Automation,
): Promise<TestResult> {
  const destination = destinations[automation.kind];
  const about = { automationId: automation.id, destination: automation.kind };
  const configured = destination.isConfigured();
  if (!configured.ok) return { ...about, ...UNSENT, skipped: configured.reason };
  const attempt =
    destination.check === undefined
      ? sendSample(destination, segment, automation, clock())
      : destination.check(automation, new AbortController().signal);
  const { outcome, httpStatus, error, durationMs, responseBody } = await attempt;
  const ok = outcome.kind === 'delivered';
  return { ...about, ok, status: httpStatus, error, durationMs, responseBody, skipped: null };
}

function sendSample(
  destination: Destination,
  segment: SegmentRow,
  automation: Automation,
  nowMs: number,
): Promise<AttemptResult> {
  const id = uuidv7();
  return deliverOne(destination, {
    deliveryId: id,
    type: 'segment.entered',
    action: 'send',
    occurredAtMs: nowMs,
    automation,
    body: destination.body?.renderSample({ id, segment, nowMs }, automation) ?? null,
    person: { id, userId: null, email: null, phone: null },
    identifiers: [],
    attempt: 1,
  });
}
