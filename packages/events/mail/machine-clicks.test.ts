import { isMachineAgent, isMachineClick } from './machine-clicks';

const AT = 1_767_000_000_000;
const click = (ms: number, link: string | null = 'https://shop.example/a') => ({ at: AT + ms, link });

test("R12: a click within 10 s of the delivery is a machine's", () => {
  expect([0, 2_000, 9_999, 10_000, 60_000].map((ms) => isMachineClick(click(ms), AT, []))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(isMachineClick(click(2_000), null, [])).toBe(false);
  expect(isMachineClick(click(-500), AT, [])).toBe(true);
});

test("three different links within 2 s are a machine's, each of them", () => {
  const burst = [click(0, 'a'), click(1_000, 'b'), click(2_000, 'c')];
  for (const one of burst) {
    expect(
      isMachineClick(
        one,
        null,
        burst.filter((other) => other !== one),
      ),
    ).toBe(true);
  }
  expect(isMachineClick(click(2_000, 'c'), null, [click(0, 'a'), click(-1, 'b')])).toBe(false);
  expect(isMachineClick(click(2_000, 'c'), null, [click(0, 'a'), click(4_000, 'b')])).toBe(false);
  expect(isMachineClick(click(0, 'a'), null, [click(0, 'a'), click(1, 'a'), click(2, 'b')])).toBe(false);
});

test('agents that name a machine, or nothing at all, are machines', () => {
  const machines = [
    '',
    '  ',
    'Googlebot/2.1',
    'Mozilla/5.0 (compatible; bingbot/2.0)',
    'curl/8.0',
    'python-requests/2.31',
  ];
  for (const agent of [...machines, 'Barracuda Sentinel (EE)', 'HeadlessChrome/120']) {
    expect(isMachineAgent(agent)).toBe(true);
  }
  const people = [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605',
    'Mozilla/5.0 (Linux; CUBOT NOTE 20)',
  ];
  for (const agent of [...people, undefined, null, 7]) expect(isMachineAgent(agent)).toBe(false);
});
