import type { CreateSegment, SegmentEngineClient } from '#client';
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
  trial: 'aud_trial_pricing',
  winBack: '23840000000000001',
  power: '23840000000000002',
} as const;

type Definition = { readonly says: string; readonly segment: CreateSegment };

/**
 * The three segments.
 * @param webhookUrl where their webhooks go
 * @param withVendors whether Resend and Meta get to know: not where those may be the real ones
 */
export function definitions(webhookUrl: string, withVendors: boolean): Record<SegmentKey, Definition> {
  const vendors = <T extends object>(config: T): T | object => (withVendors ? config : {});
  return {
    trial: {
      says: 'subscription trialing, and pricing viewed -> Resend audience (sync), webhook',
      segment: {
        name: 'Trial users who viewed pricing',
        criteria: { subscription: { status: ['trialing'] }, features: { pricingViews: { min: 1 } } },
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
        criteria: {
          any: [
            { subscription: { status: ['canceled'] } },
            {
              events: [
                { eventName: 'core_action', count: { min: 1 } },
                { eventName: 'core_action', count: { max: 0 }, within: 14 },
              ],
            },
          ],
        },
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
        criteria: { features: { activeDays: { min: 3 }, coreActions: { min: 10 } } },
        automationConfig: vendors({ meta: { customAudienceId: AUDIENCES.power, sync: true } }),
      },
    },
  };
}

async function create({ createSegment }: SegmentEngineClient, body: CreateSegment): Promise<DemoSegment> {
  const { segment } = await createSegment(body);
  const { webhook } = segment.automationConfig ?? {};
  const secret = (Array.isArray(webhook) ? webhook[0] : webhook)?.secret;
  if (webhook !== undefined && !secret?.startsWith('whsec_'))
    throw new DemoFailure(`the answer that makes "${segment.name}" should show the secret of its webhook`);
  return { id: segment.id, name: segment.name, secret };
}

/** Creates them. */
export async function createSegments(
  client: SegmentEngineClient,
  { trial, churned, power }: Record<SegmentKey, Definition>,
): Promise<DemoSegments> {
  return {
    trial: await create(client, trial.segment),
    churned: await create(client, churned.segment),
    power: await create(client, power.segment),
  };
}
