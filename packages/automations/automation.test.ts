import { automationsOf, endpointOf, holderIn, isSync, matchingAction, stateKeyOf } from './automation';
import type { AutomationConfig } from './config';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** What one automation of this config does on entering and on exiting. */
function actionsOf(config: AutomationConfig) {
  return automationsOf(config).map((one) => [matchingAction(one, 'entered'), matchingAction(one, 'exited')]);
}

describe('automationsOf', () => {
  test('nothing configured is no automation', () => {
    expect(automationsOf(null)).toEqual([]);
    expect(automationsOf({})).toEqual([]);
  });

  test('fills in the defaults, and lists every kind', () => {
    const config: AutomationConfig = {
      resend: { id: 'r', audienceId: 'aud' },
      meta: [{ id: 'm', customAudienceId: '123', action: 'add', conversionEvent: 'Lead' }],
      webhook: { id: 'w', url: 'https://example.com/hook', secret: SECRET },
    };
    expect(automationsOf(config)).toEqual([
      { kind: 'resend', id: 'r', audienceId: 'aud', syncs: false, actions: { entered: 'add', exited: null } },
      {
        kind: 'meta',
        id: 'm',
        customAudienceId: '123',
        conversionEvent: 'Lead',
        syncs: false,
        actions: { entered: 'add', exited: null },
      },
      {
        kind: 'webhook',
        id: 'w',
        url: 'https://example.com/hook',
        method: 'POST',
        headers: {},
        secret: SECRET,
        actions: { entered: 'send', exited: 'send' },
      },
    ]);
  });

  test('a config that was never completed is a programming error', () => {
    expect(() => automationsOf({ resend: { audienceId: 'aud' } })).toThrow(TypeError);
    expect(() => automationsOf({ webhook: { id: 'w', url: 'https://example.com' } })).toThrow(TypeError);
  });
});

describe('matchingAction', () => {
  test('an audience: the trigger says when, the action what', () => {
    const resend = { id: 'r', audienceId: 'a' };
    expect(actionsOf({ resend: { ...resend, trigger: 'on_enter' } })).toEqual([['add', null]]);
    expect(actionsOf({ resend: { ...resend, trigger: 'on_exit' } })).toEqual([[null, 'add']]);
    expect(actionsOf({ resend: { ...resend, trigger: 'on_exit', action: 'remove' } })).toEqual([
      [null, 'remove'],
    ]);
    const meta = { id: 'm', customAudienceId: 'a' };
    expect(actionsOf({ meta: { ...meta, action: 'remove' } })).toEqual([['remove', null]]);
    expect(actionsOf({ meta: { ...meta, action: 'add', trigger: 'on_exit' } })).toEqual([[null, 'add']]);
  });

  test('a synced audience is a state, which no transition sends; its conversion event tells of who enters', () => {
    const resend = { id: 'r', audienceId: 'a', sync: true } as const;
    const meta = { id: 'm', customAudienceId: 'a', sync: true } as const;
    expect(actionsOf({ resend, meta })).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(actionsOf({ meta: { ...meta, conversionEvent: 'Lead' } })).toEqual([['send', null]]);
    const config = { resend: [resend, { id: 'r2', audienceId: 'b' }], meta };
    expect(automationsOf(config).map(isSync)).toEqual([true, false, true]);
  });

  test('a webhook: both edges unless told otherwise', () => {
    const webhook = { id: 'w', url: 'https://example.com', secret: SECRET };
    expect(actionsOf({ webhook: { ...webhook, trigger: 'both' } })).toEqual([['send', 'send']]);
    expect(actionsOf({ webhook: { ...webhook, trigger: 'on_enter' } })).toEqual([['send', null]]);
    expect(actionsOf({ webhook: { ...webhook, trigger: 'on_exit' } })).toEqual([[null, 'send']]);
  });
});

test('keys: one state per audience and holder, one endpoint per audience or origin', () => {
  const automations = automationsOf({
    resend: { id: 'r', audienceId: 'aud' },
    meta: { id: 'm', customAudienceId: '123', sync: true },
    webhook: { id: 'w', url: 'https://example.com:8443/a?b', secret: SECRET },
  });
  expect(automations.map((one) => stateKeyOf(one, 'p1'))).toEqual(['resend:aud:p1', 'meta:123:p1', null]);
  expect(automations.map(endpointOf)).toEqual(['resend:aud', 'meta:123', 'https://example.com:8443']);
  const holders = (email: string | null) =>
    automations.map((one) => holderIn(one, { id: 'p1', email }, (address) => `key of ${address}`));
  expect(holders(' a@x.io')).toEqual(['key of a@x.io', 'p1', 'p1']);
  expect(holders(null)).toEqual(['p1', 'p1', 'p1']);
});
