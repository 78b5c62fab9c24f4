import type { Automation } from '#automations';
import type { TransitionEvent } from '../destination';
import { renderSlackBody, renderSlackSample } from './body';

const AT_MS = Date.UTC(2026, 10, 22, 9, 30);

const automation = (text: string | null): Automation => ({
  kind: 'slack',
  id: 's1',
  webhookUrl: 'https://hooks.example.com/a',
  text,
  endpoint: 'slack:s1',
  actions: { entered: 'send', exited: 'send' },
});

const event = (
  person: Partial<TransitionEvent['person']> = {},
  rest: Partial<TransitionEvent> = {},
): TransitionEvent => ({
  deliveryId: 'd1',
  type: 'segment.entered',
  timestampMs: AT_MS,
  segment: { id: 'seg1', name: 'Power users' },
  person: { id: 'p1', userId: 'u_1', email: 'ada@x.io', phone: '+1', traits: {}, features: {}, ...person },
  membership: { enteredAtMs: AT_MS, exitedAtMs: null },
  ...rest,
});

const textOf = (body: string): unknown => JSON.parse(body).text;
const rendered = (text: string | null, ...about: Parameters<typeof event>): unknown =>
  textOf(renderSlackBody(event(...about), automation(text)));

test('every field of a text', () => {
  const all =
    '{{person.id}}|{{person.userId}}|{{person.email}}|{{person.phone}}|{{segment.id}}|{{segment.name}}|{{event}}|{{timestamp}}';
  expect(rendered(all)).toBe('p1|u_1|ada@x.io|+1|seg1|Power users|entered|2026-11-22T09:30:00.000Z');
  expect(rendered('{{event}}', {}, { type: 'segment.exited' })).toBe('exited');
});

test('what is not known of somebody is left out', () => {
  expect(rendered('<{{person.email}}> {{person.phone}}.', { email: null, phone: null })).toBe('<> .');
});

test.each([
  [{}, 'ada@x.io entered Power users'],
  [{ email: null }, 'u_1 entered Power users'],
  [{ email: null, userId: null }, 'p1 entered Power users'],
])('without a text: who did what (%j)', (person, text) => {
  expect(rendered(null, person)).toBe(text);
});

test('a text of which nothing is left gives way to the default: Slack refuses blank messages', () => {
  expect(rendered(' {{person.phone}} ', { phone: null })).toBe('ada@x.io entered Power users');
});

test('values are escaped, the text is not', () => {
  const segment = { id: 's', name: '<!channel> & <https://evil.example|here>' };
  const escapedName = '&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;';
  expect(rendered('<!here> *{{segment.name}}*', {}, { segment })).toBe(`<!here> *${escapedName}*`);
  expect(rendered(null, { email: '"a&b"@x.io' }, { segment })).toBe(`"a&amp;b"@x.io entered ${escapedName}`);
});

test('a message has at most 40,000 characters, cut neither within a character nor within an escape', () => {
  for (const filling of ['&', '😀', 'a', '<']) {
    for (let before = 0; before < 6; before += 1) {
      const segment = { id: 's', name: filling.repeat(40_000) };
      const text = String(rendered(`${'-'.repeat(before)}{{segment.name}}`, {}, { segment }));
      expect(text.length).toBeLessThanOrEqual(40_000);
      expect(text.length).toBeGreaterThan(39_990);
      expect(text).toMatch(/^-*(&amp;|😀|a|&lt;)+$/u);
    }
  }
});

test('a test is marked, and is about nobody', () => {
  const sample = { id: 'd1', segment: { id: 'seg1', name: 'A & B' }, nowMs: AT_MS };
  expect(textOf(renderSlackSample(sample, automation(null)))).toBe(
    '[Test] test@example.com entered A &amp; B',
  );
  expect(textOf(renderSlackSample(sample, automation('{{person.userId}} {{event}}')))).toBe(
    '[Test] test-user entered',
  );
});
