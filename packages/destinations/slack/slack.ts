import type { LookupFunction } from 'node:net';
import { HIDDEN_URL_USE, parseCidrs, type SlackAutomation } from '#automations';
import { ATTEMPT_TIMEOUT_MS, type Attempted, timedAttempt } from '../attempt';
import { deliverEach, type Destination, ONE_BY_ONE, type Pause } from '../destination';
import { makeGuardedAgents } from '../egress';
import { makeSendHttp, mayHaveArrived } from '../http';
import { ANNOUNCEMENT_RETRY_DELAYS_MS } from '../retry';
import { makeUnsealed, type Unsealing } from '../unsealed';
import { renderSlackBody, renderSlackSample, slackAutomation } from './body';
import { slackOutcome } from './errors';
import { MESSAGE_GAP_MS } from './limits';

const HEADERS = { 'user-agent': 'Segment-Engine-Slack/1.0' };

/** The reason of deliveries that wait for the right key. */
const UNREADABLE = 'SECRETS_KEY does not open the stored URL of this automation';

const GAP: Pause = { scope: 'endpoint', afterMs: MESSAGE_GAP_MS, reason: 'Slack takes a message a second' };

export type SlackSettings = Unsealing & {
  readonly allowCidrs: readonly string[];
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
  /** Name resolution, node:dns by default. */
  readonly lookup?: LookupFunction | undefined;
};

/**
 * The Slack destination: a message by an incoming webhook, to public addresses and `allowCidrs` only. The URL is the
 * credential: it stands in no outcome.
 * @throws TypeError when an entry of `allowCidrs` is no CIDR.
 */
export function makeSlackDestination(settings: SlackSettings): Destination {
  const { now, timeoutMs = ATTEMPT_TIMEOUT_MS } = settings;
  const urlOf = makeUnsealed(settings, ({ id, webhookUrl }: SlackAutomation, open) =>
    open(webhookUrl, { automationId: id, use: HIDDEN_URL_USE }),
  );
  const send = makeSendHttp(makeGuardedAgents(parseCidrs(settings.allowCidrs), settings.lookup));
  return {
    kind: 'slack',
    retryDelaysMs: ANNOUNCEMENT_RETRY_DELAYS_MS,
    group: ONE_BY_ONE,
    isConfigured: () => ({ ok: true }),
    body: { render: renderSlackBody, renderSample: renderSlackSample },
    deliver: deliverEach(async ({ automation, body }, signal) => {
      const hook = slackAutomation(automation);
      if (body === null) throw new TypeError('a message to Slack has no body');
      return timedAttempt({ signal, timeoutMs }, async (bounded): Promise<Attempted> => {
        const url = urlOf(hook);
        if (url === null) return { outcome: { kind: 'halt', scope: 'endpoint', error: UNREADABLE } };
        const request = { method: 'POST', url, headers: HEADERS, body, headersSuffice: true } as const;
        const result = await send(request, bounded);
        const outcome = slackOutcome(result, now());
        if (result.kind === 'failure') return { outcome, ...(mayHaveArrived(result) ? { pause: GAP } : {}) };
        return { outcome, httpStatus: result.status, pause: GAP };
      });
    }),
  };
}
