import fc from 'fast-check';
import { canEmail, type MailFact, mailStateOf, newestMailFacts } from './mail-facts';

const fact = (name: MailFact['fact'], at: number, isSet = true): MailFact => ({
  address: 'ana@x.example',
  fact: name,
  isSet,
  at,
});

test('R9: the newest of each fact counts, in any order of arrival', () => {
  const facts = [fact('unsubscribed', 2, false), fact('unsubscribed', 1)];
  expect(mailStateOf(facts).unsubscribed).toBeNull();
  expect(mailStateOf(facts.toReversed()).unsubscribed).toBeNull();
  expect(mailStateOf([...facts, fact('unsubscribed', 3)]).unsubscribed).toBe(3);
});

test('R10: what is cleared is one fact: a complaint stays', () => {
  const state = mailStateOf([fact('unsubscribed', 1), fact('complained', 2), fact('unsubscribed', 3, false)]);
  expect(state).toMatchObject({ unsubscribed: null, bounced: null, complained: 2 });
  expect(canEmail('ana@x.example', state)).toBe(false);
});

test('R15: an address can be written to while nothing is known against it', () => {
  expect(canEmail('ana@x.example', mailStateOf([]))).toBe(true);
  expect(canEmail(null, mailStateOf([]))).toBe(false);
  for (const name of ['unsubscribed', 'bounced', 'complained'] as const) {
    expect(canEmail('ana@x.example', mailStateOf([fact(name, 1)]))).toBe(false);
  }
});

test('at one instant, what keeps mail away counts', () => {
  expect(mailStateOf([fact('unsubscribed', 1), fact('unsubscribed', 1, false)]).unsubscribed).toBe(1);
  const topic = { topicId: 't' };
  expect(mailStateOf([fact(topic, 1), fact(topic, 1, false)]).topics).toEqual(new Map([['t', 'opt_out']]));
});

test('any order, any repeats and any grouping of facts end in the same state', () => {
  const facts = fc.array(
    fc.record({
      address: fc.constantFrom('a@x.example', 'b@x.example'),
      fact: fc.constantFrom<MailFact['fact']>(
        'unsubscribed',
        'bounced',
        'complained',
        { topicId: 't1' },
        { topicId: 't2' },
      ),
      isSet: fc.boolean(),
      at: fc.nat(3),
    }),
    { maxLength: 12 },
  );
  const statesOf = (list: readonly MailFact[]) =>
    ['a@x.example', 'b@x.example'].map((address) => {
      const { topics, ...state } = mailStateOf(list.filter((one) => one.address === address));
      return { ...state, topics: Object.fromEntries(topics) };
    });
  const shuffled = facts.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.nat(12)),
  );
  fc.assert(
    fc.property(shuffled, ([list, other, cut]) => {
      const inParts = newestMailFacts([
        ...newestMailFacts(other.slice(0, cut)),
        ...other.slice(cut),
        ...other,
      ]);
      expect(statesOf(inParts)).toEqual(statesOf(list));
    }),
  );
});
