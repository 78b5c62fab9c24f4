import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Call } from './http-receiver';
import type { ReceiverName, Receivers } from './receivers';
import type { DemoSegments, SegmentKey } from './segments';
import { isSigned } from './signature';
import type { Tale } from './tale';
import type { Terminal } from './terminal';
import { DemoFailure } from './until';

/** What arrives at the other end of the automations, held against what was said. */
export type Echo = {
  /** A signed webhook about a person. */
  webhook(segment: SegmentKey, type: 'segment.entered' | 'segment.exited', userId: string): Promise<void>;
  /** Resend is asked to add a contact that it doesn't know, and then to make it. */
  resendAdds(email: string, audienceId: string): Promise<void>;
  resendRemoves(email: string, audienceId: string): Promise<void>;
  metaAdds(userId: string, email: string, audienceId: string): Promise<void>;
  /** From each POST to the call that it led to (ms). */
  readonly callsMs: readonly number[];
};

type Setting = {
  readonly receivers: Receivers;
  readonly segments: DemoSegments;
  readonly terminal: Terminal;
  readonly tale: Pick<Tale, 'cause'>;
  /** Without them nothing is expected at Resend and Meta. */
  readonly withVendors: boolean;
};

const webhookBody = z.object({
  type: z.string(),
  data: z.object({
    segment: z.object({ name: z.string() }),
    person: z.object({ userId: z.string(), features: z.record(z.string(), z.number()) }),
  }),
});

function hold(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new DemoFailure(`${what} should be ${JSON.stringify(expected)}, and is ${JSON.stringify(actual)}`);
}

const endpoint = ({ method, path, status }: Call): string =>
  `${method} ${decodeURIComponent(path)} ${status}`;

/** SHA-256 in hex: what Meta gets instead of an address. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function makeEcho({ receivers, segments, terminal, tale, withVendors }: Setting): Echo {
  const callsMs: number[] = [];

  const heard = async (name: ReceiverName, expected: string, says: string): Promise<Call> => {
    const call = await receivers.next(name, expected);
    hold(`${name}'s call`, endpoint(call), expected);
    const tookMs = call.arrivedAtMs - tale.cause.atMs;
    if (tale.cause.kind === 'request') callsMs.push(tookMs);
    terminal.check(`${name.padEnd(8)}${expected}${says === '' ? '' : `  ${says}`}`, tookMs);
    return call;
  };

  return {
    webhook: async (key, type, userId) => {
      const call = await heard('webhook', `POST /hooks/${key} 200`, type);
      const { secret = '', name } = segments[key];
      const { data, ...body } = webhookBody.parse(JSON.parse(call.body));
      hold('the webhook', [body.type, data.segment.name, data.person.userId], [type, name, userId]);
      if (!isSigned(call, secret)) throw new DemoFailure('the signature of the webhook should be valid');
      const features = Object.entries(data.person.features).filter(([, count]) => count > 0);
      const counted = features.map(([feature, count]) => `${feature} ${count}`).join(', ');
      terminal.check(`        signature valid; ${data.person.userId}${counted === '' ? '' : `: ${counted}`}`);
    },
    resendAdds: async (email, audienceId) => {
      if (!withVendors) return;
      await heard('Resend', `POST /contacts/${email}/segments/${audienceId} 404`, '(not known there yet)');
      await heard('Resend', 'POST /contacts 201', `${email} -> ${audienceId}`);
      hold('the audience', receivers.resendAudience(audienceId), [email]);
    },
    resendRemoves: async (email, audienceId) => {
      if (!withVendors) return;
      await heard('Resend', `DELETE /contacts/${email}/segments/${audienceId} 200`, '');
      hold('the audience', receivers.resendAudience(audienceId), []);
    },
    metaAdds: async (userId, email, audienceId) => {
      if (!withVendors) return;
      const hash = sha256(email);
      const says = `${userId}, e-mail as SHA-256 ${hash.slice(0, 8)}...`;
      await heard('Meta', `POST /v26.0/${audienceId}/users 200`, says);
      hold('the audience', receivers.metaAudience(audienceId), [userId, hash]);
    },
    callsMs,
  };
}
