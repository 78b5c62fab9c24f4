import { AUDIENCE_KINDS, audienceNamed, entryAutomation, nameOfAudience, syncedBy } from './audiences';
import { audienceOf, automationsOf } from './automation';
import { DESTINATION_KINDS, KINDS } from './kinds';

test.each(['resend:aud_1', 'meta:2385'])(
  '%s is named, read, and has an automation of its kind',
  (audience) => {
    expect(audienceNamed(nameOfAudience(audience))).toBe(audience);
    const automation = entryAutomation(audience, 'a');
    expect(audienceOf(automation)).toBe(audience);
    expect(automation).toMatchObject({ id: 'a', actions: { entered: null, exited: null } });
  },
);

test('the kinds that keep audiences are those that know how', () => {
  const keeping = DESTINATION_KINDS.filter((kind) => KINDS[kind].audience !== null);
  expect(keeping.toSorted()).toEqual([...AUDIENCE_KINDS].toSorted());
});

test('what is no name of an audience is a programming error', () => {
  for (const wrong of ['webhook:1', 'resend', '', 'aud_1'])
    expect(() => nameOfAudience(wrong)).toThrow(TypeError);
});

test('each audience that a segment syncs is found once', () => {
  const automations = automationsOf({
    resend: [
      { id: '1', audienceId: 'a', sync: true },
      { id: '2', audienceId: 'a', sync: true },
      { id: '3', audienceId: 'b' },
    ],
    meta: { id: '4', customAudienceId: 'a', sync: true },
  });
  const synced = [...syncedBy(automations)].map(([audience, { id }]) => [audience, id]);
  expect(synced).toEqual([
    ['resend:a', '1'],
    ['meta:a', '4'],
  ]);
});
