import type { CreateSegment, SegmentEngineClient } from '#client';
import type { Criteria } from '#criteria';
import { DemoFailure } from './until';

export type SegmentKey = 'trial' | 'churned' | 'power';

/** A segment that was made for the demo. */
export type DemoSegment = {
  readonly id: string;
  readonly name: string;
  /** Of its webhook, if it has one: shown once, when the segment is made. */
  readonly secret: string | undefined;
};
export type DemoSegments = Readonly<Record<SegmentKey, DemoSegment>>;

export const AUDIENCES = {
  trial: 'aud_trial',
  winBack: '23840000000000001',
  power: '23840000000000002',
} as const;

type Config = NonNullable<CreateSegment['automationConfig']>;
type Definition = { readonly says: string; readonly segment: CreateSegment };

/** The trait by which the people of a demo on a server with other people are told apart. */
export const MARK_TRAIT = 'segment_engine_demo';

/**
 * The three segments.
 * @param webhookUrl where their webhooks go
 * @param mark on a server with other people: only who has this mark gets in, and Resend and Meta, which may be the real
 *   ones, are told nothing
 */
export function definitions(webhookUrl: string, mark: string | undefined): Record<SegmentKey, Definition> {
  const vendors = (config: Config): Config => (mark === undefined ? config : {});
  const among = (criteria: Criteria): Criteria =>
    mark === undefined ? criteria : { all: [criteria, { traits: { [MARK_TRAIT]: { eq: mark } } }] };
  return {
    trial: {
      says: 'subscription trialing, and pricing viewed -> Resend audience (sync), webhook',
      segment: {
        name: 'Trial users who viewed pricing',
        criteria: among({ subscription: { status: ['trialing'] }, features: { pricingViews: { min: 1 } } }),
        automationConfig: {
          ...vendors({ resend: { audienceId: AUDIENCES.trial, sync: true } }),
          webhook: { url: `${webhookUrl}/hooks/trial`, method: 'POST' },
        },
      },
    },
    churned: {
      says: 'canceled, or active once and not within 14 days -> webhook, Meta audience (add)',
      segment: {
        name: 'Churned users',
        criteria: among({
          any: [
            { subscription: { status: ['canceled'] } },
            {
              events: [
                { eventName: 'core_action', count: { min: 1 } },
                { eventName: 'core_action', count: { max: 0 }, within: 14 },
              ],
            },
          ],
        }),
        automationConfig: {
          ...vendors({ meta: { customAudienceId: AUDIENCES.winBack, action: 'add' } }),
          webhook: { url: `${webhookUrl}/hooks/churned`, method: 'POST' },
        },
      },
    },
    power: {
      says: 'activeDays >= 3 and coreActions >= 10 -> Meta custom audience (sync)',
      segment: {
        name: 'Power users',
        criteria: among({ features: { activeDays: { min: 3 }, coreActions: { min: 10 } } }),
        automationConfig: vendors({ meta: { customAudienceId: AUDIENCES.power, sync: true } }),
      },
    },
  };
}

/**
 * Creates them.
 * @param onMade gets the id of each as soon as it is there
 */
export async function createSegments(
  client: SegmentEngineClient,
  { trial, churned, power }: Record<SegmentKey, Definition>,
  onMade: (id: string) => void,
): Promise<DemoSegments> {
  const create = async ({ segment: body }: Definition): Promise<DemoSegment> => {
    const { segment } = await client.createSegment(body);
    onMade(segment.id);
    const { webhook } = segment.automationConfig ?? {};
    const secret = (Array.isArray(webhook) ? webhook[0] : webhook)?.secret;
    if (webhook !== undefined && !secret?.startsWith('whsec_'))
      throw new DemoFailure(`the answer that makes "${segment.name}" should show its webhook's secret`);
    return { id: segment.id, name: segment.name, secret };
  };
  return { trial: await create(trial), churned: await create(churned), power: await create(power) };
}
