import { type Automation, stateKeyOf } from '#automations';
import { type FakeReceiver, hang, reply } from '../../testkit/fakes';
import type { Destination } from '../destination';
import type { Conforming } from './conforming';

/** What every destination's check does alike, and who has one. */
export function describeCheck(
  { secret, refusal }: Pick<Conforming, 'secret' | 'refusal'>,
  context: {
    readonly make: (timeoutMs?: number) => Destination;
    readonly automation: () => Automation;
    readonly receiver: () => FakeReceiver;
  },
): void {
  const { make, automation, receiver } = context;
  const { signal } = new AbortController();
  const expectNoState = (): void => expect(stateKeyOf(automation(), 'p')).toBeNull();

  describe('a check', () => {
    test('is there for whoever keeps a state, and asks once without a body', async () => {
      const destination = make();
      if (destination.check === undefined) return expectNoState();
      expect(stateKeyOf(automation(), 'p')).not.toBeNull();
      receiver().respondWith(reply(200, { body: { object: 'segment', id: '1' } }));
      const { outcome, httpStatus } = await destination.check(automation(), signal);
      expect({ outcome, httpStatus }).toEqual({ outcome: { kind: 'delivered' }, httpStatus: 200 });
      const asked = receiver().requests.map(({ method, text }) => ({ method, text }));
      expect(asked).toEqual([{ method: 'GET', text: '' }]);
      expect(receiver().requests[0]?.path).not.toContain(secret);
    });

    test('tells what is wrong, as a delivery does', async () => {
      const destination = make(150);
      if (destination.check === undefined) return expectNoState();
      receiver().respondWith(refusal(401, `no ${secret}`));
      const result = await destination.check(automation(), signal);
      expect(result.outcome.kind).not.toBe('delivered');
      expect(result).toMatchObject({ httpStatus: 401, error: expect.any(String) });
      expect(result.error).not.toContain(secret);
      receiver().respondWith(hang);
      const late = await destination.check(automation(), signal);
      expect(late).toMatchObject({ outcome: { kind: 'retry', error: 'TIMEOUT' } });
    });
  });
}
