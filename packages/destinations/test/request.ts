import { randomUUID } from 'node:crypto';
import {
  type Automation,
  type AutomationConfig,
  automationsOf,
  type MetaAutomation,
  type ResendAutomation,
} from '#automations';
import { assignIds } from '#secrets';
import type { DeliveryRequest } from '../destination';

/** An instant of a November noon. */
export const NOW_MS = Date.UTC(2026, 10, 22, 12);

/** A request of a segment that keeps an audience, with what a test is about. */
export function audienceRequest(
  automation: ResendAutomation | MetaAutomation,
  action: 'add' | 'remove',
  rest: Partial<DeliveryRequest> = {},
): DeliveryRequest {
  return {
    deliveryId: 'd1',
    type: action === 'add' ? 'segment.entered' : 'segment.exited',
    action,
    occurredAtMs: NOW_MS - 1_500,
    automation,
    body: null,
    person: { id: 'p', userId: 'u_1', email: ' Mary@Example.com ', phone: '+1 (650) 555-1212' },
    identifiers: [],
    attempt: 1,
    ...rest,
  };
}

/** An automation that keeps an audience of Meta. */
export function metaAutomation(rest: Partial<MetaAutomation> = {}): MetaAutomation {
  const actions = { entered: 'add', exited: 'remove' } as const;
  return {
    kind: 'meta',
    id: 'm',
    customAudienceId: '2385',
    conversionEvent: null,
    syncs: false,
    actions,
    ...rest,
  };
}

/** An automation that keeps an audience of Resend. */
export function resendAutomation(audienceId: string): ResendAutomation {
  return { kind: 'resend', id: 'r', audienceId, syncs: false, actions: { entered: 'add', exited: 'remove' } };
}

/** A config whose addresses, `https://origin.example` where it holds any, lead to `origin`. */
export function configAt(config: AutomationConfig, origin: string): AutomationConfig {
  return JSON.parse(JSON.stringify(config).replaceAll('https://origin.example', origin));
}

/** The one automation of a config, as if it had been stored. */
export function automationOf(config: AutomationConfig): Automation {
  const [automation] = automationsOf(assignIds(config, randomUUID).config);
  if (automation === undefined) throw new Error('the config holds no automation');
  return automation;
}
