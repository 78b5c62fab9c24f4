import { type Disturbances, makeDisturbances } from './disturbances';
import {
  type FakeReceiver,
  type Handler,
  type ReceivedRequest,
  reply,
  startFakeReceiver,
} from './fake-receiver';

export type FakeSlack = FakeReceiver &
  Disturbances & {
    /** The URL of a channel's incoming webhook. */
    hookOf(channel: string): string;
    /** The texts that arrived in a channel, in order. */
    messagesIn(channel: string): string[];
    /** Refuses what is posted to a channel, in Slack's way: a status and an error text; null: no more. */
    refuse(channel: string, refusal: { readonly status: number; readonly text: string } | null): void;
  };

/** An answer of Slack's: a word as plain text. */
export function slackAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Handler {
  return reply(status, { headers: { 'content-type': 'text/html', ...headers }, body: text });
}

const ROOT = '/services/T0000/B0000/';
/** A message a second for each webhook, with short bursts; a tenth is left to clocks and the way here. */
const GAP_MS = 900;

/**
 * A local Slack with incoming webhooks (docs.slack.dev: sending messages using incoming webhooks). Every channel is there.
 * @param isMetered whether messages that follow too closely are answered 429, as by the real one
 */
export async function startFakeSlack({
  isMetered = false,
}: { readonly isMetered?: boolean } = {}): Promise<FakeSlack> {
  const channels = new Map<string, { readonly texts: string[]; lastMs: number }>();
  const refusals = new Map<string, Handler>();
  const { disturbances, answer } = makeDisturbances();

  const post = (request: ReceivedRequest): Handler => {
    const channel = channelOf(request);
    if (channel === null) return slackAnswer(404, 'no_service');
    const refusal = refusals.get(channel);
    if (refusal !== undefined) return refusal;
    const text = textOf(request);
    if (text === null) return slackAnswer(400, 'invalid_payload');
    if (text.trim() === '') return slackAnswer(400, 'no_text');
    const known = channels.get(channel) ?? { texts: [], lastMs: Number.NEGATIVE_INFINITY };
    const nowMs = performance.now();
    if (isMetered && nowMs - known.lastMs < GAP_MS)
      return slackAnswer(429, 'rate_limited', { 'retry-after': '1' });
    channels.set(channel, { texts: [...known.texts, text], lastMs: nowMs });
    return slackAnswer(200, 'ok');
  };

  const receiver = await startFakeReceiver({
    handler: (request, response) => answer(request, () => post(request))(request, response),
  });
  return {
    ...receiver,
    ...disturbances,
    hookOf: (channel) => `${receiver.origin}${ROOT}${channel}`,
    messagesIn: (channel) => [...(channels.get(channel)?.texts ?? [])],
    refuse: (channel, refusal) => {
      if (refusal === null) refusals.delete(channel);
      else refusals.set(channel, slackAnswer(refusal.status, refusal.text));
    },
  };
}

function channelOf({ method, path }: ReceivedRequest): string | null {
  return method === 'POST' && path.startsWith(ROOT) ? path.slice(ROOT.length) : null;
}

function textOf({ text: body, headers }: ReceivedRequest): string | null {
  if (headers['content-type'] !== 'application/json') return null;
  try {
    const message: unknown = JSON.parse(body);
    const isMessage = typeof message === 'object' && message !== null && 'text' in message;
    return isMessage && typeof message.text === 'string' ? message.text : null;
  } catch {
    return null;
  }
}
