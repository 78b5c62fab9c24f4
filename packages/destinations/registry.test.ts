import { DESTINATION_KINDS, KINDS } from '#automations';
import { makeDestinations } from './registry';

test('every destination under its kind, ready or with the reason why not', () => {
  const destinations = makeDestinations({ webhookAllowCidrs: [], now: Date.now });
  for (const [kind, destination] of Object.entries(destinations)) expect(destination.kind).toBe(kind);
  for (const kind of DESTINATION_KINDS)
    expect(destinations[kind].isConfigured().ok).toBe(!KINDS[kind].needsCredentials);
});

test('a destination refuses another’s automation: that is a programming error', async () => {
  const { resend, meta, webhook, slack } = makeDestinations({ webhookAllowCidrs: [], now: Date.now });
  const request = {
    deliveryId: 'd',
    type: 'segment.entered' as const,
    action: 'add' as const,
    occurredAtMs: 0,
    automation: {
      kind: 'resend' as const,
      id: 'r',
      audienceId: 'a',
      syncs: false,
      actions: { entered: null, exited: null },
    },
    body: '{}',
    person: { id: 'p', userId: null, email: 'a@x.io', phone: null },
    identifiers: [],
    attempt: 1,
  };
  const signal = new AbortController().signal;
  await expect(meta.deliver([request], signal)).rejects.toThrow(TypeError);
  await expect(webhook.deliver([request], signal)).rejects.toThrow(TypeError);
  await expect(slack.deliver([request], signal)).rejects.toThrow(TypeError);
  expect((await resend.deliver([request], signal))[0]?.outcome).toMatchObject({ kind: 'skipped' });
});

test('a range that is none stops the start', () => {
  expect(() => makeDestinations({ webhookAllowCidrs: ['everything'], now: Date.now })).toThrow(
    '"everything"',
  );
});
