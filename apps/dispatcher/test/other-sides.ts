import type { DestinationKind } from '#automations';
import {
  type FakeReceiver,
  hang,
  reply,
  startFakeMeta,
  startFakeReceiver,
  startFakeResend,
  startFakeSlack,
} from '#testkit';

/** The other side of a destination, as a test that does not care which it is sees it. */
export type OtherSide = {
  readonly origin: string;
  /** What a segment's automation is beside its id. @param url how the receiver is reached */
  readonly automation: (url: string) => object;
  /** Somebody with this address is to come. */
  readonly expectPerson: (email: string) => void;
  /** Takes what is sent, and answers nothing until `answerAgain`. */
  readonly keepAnswers: () => void;
  readonly answerAgain: () => void;
  readonly calls: () => number;
  /** That all of these deliveries, and no others, have had their effect. */
  readonly expectEffect: (ids: readonly string[], personIds: readonly string[]) => void;
  readonly close: () => Promise<void>;
};

const AUDIENCE = 'audience_1';

export function openOtherSide(kind: DestinationKind): Promise<OtherSide> {
  switch (kind) {
    case 'webhook':
      return openReceiver();
    case 'resend':
      return openResend();
    case 'meta':
      return openMeta();
    case 'slack':
      return openSlack();
  }
}

const commonOf = (fake: FakeReceiver): Pick<OtherSide, 'origin' | 'calls' | 'close'> => ({
  origin: fake.origin,
  calls: () => fake.requests.length,
  close: () => fake.close(),
});

async function openReceiver(): Promise<OtherSide> {
  const receiver = await startFakeReceiver();
  return {
    ...commonOf(receiver),
    automation: (url) => ({ url }),
    expectPerson: () => undefined,
    keepAnswers: () => receiver.respondWith(hang),
    answerAgain: () => receiver.respondWith(reply(200)),
    expectEffect: (ids) => {
      const bodies = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]));
      for (const { headers, text } of receiver.requests) {
        expect(JSON.parse(text)).toMatchObject({ id: headers['webhook-id'] });
        expect(headers['idempotency-key']).toBe(headers['webhook-id']);
        bodies.get(String(headers['webhook-id']))?.add(text);
      }
      expect([...bodies.values()].map(({ size }) => size)).toEqual(ids.map(() => 1));
    },
  };
}

async function openResend(): Promise<OtherSide> {
  const resend = await startFakeResend();
  const emails: string[] = [];
  return {
    ...commonOf(resend),
    automation: () => ({ audienceId: AUDIENCE, trigger: 'on_enter' }),
    expectPerson: (email) => {
      // Known contacts take one request each.
      resend.addContact(email);
      emails.push(email);
    },
    keepAnswers: () => resend.disturb(() => keepAnswer),
    answerAgain: () => resend.disturb(null),
    expectEffect: () => expect(resend.membersOf(AUDIENCE)).toEqual(emails.toSorted()),
  };
}

async function openMeta(): Promise<OtherSide> {
  const meta = await startFakeMeta();
  return {
    ...commonOf(meta),
    automation: () => ({ customAudienceId: AUDIENCE, action: 'add' }),
    expectPerson: () => undefined,
    keepAnswers: () => meta.disturb(() => keepAnswer),
    answerAgain: () => meta.disturb(null),
    expectEffect: (_ids, personIds) => expect(meta.membersOf(AUDIENCE)).toEqual(personIds.toSorted()),
  };
}

async function openSlack(): Promise<OtherSide> {
  const slack = await startFakeSlack();
  const emails: string[] = [];
  return {
    ...commonOf(slack),
    automation: (url) => ({ webhookUrl: new URL(new URL(slack.hookOf(AUDIENCE)).pathname, url).href }),
    expectPerson: (email) => void emails.push(email),
    keepAnswers: () => slack.disturb(() => keepAnswer),
    answerAgain: () => slack.disturb(null),
    expectEffect: () => {
      const told = new Set(slack.messagesIn(AUDIENCE));
      expect(told).toEqual(new Set(emails.map((email) => `${email} entered Power users`)));
    },
  };
}

/** It is done, and nobody is told. */
const keepAnswer = (apply: () => unknown) => {
  apply();
  return hang;
};
