import type { FakeReceiver } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { DeliveryRequest, Destination, Recipient } from '../destination';

/** What the destinations that keep audiences do alike with entries of synced ones. */
export function describeEntries(
  person: Recipient,
  context: {
    readonly make: () => Destination;
    readonly request: (rest: Partial<DeliveryRequest>) => DeliveryRequest;
    readonly receiver: () => FakeReceiver;
  },
): void {
  const { make, request, receiver } = context;
  test('an entry of a synced audience is put in and taken out as it was made, whoever it is of by now', async () => {
    const destination = make();
    const entry = destination.identifierOf?.(person) ?? null;
    if (entry === null) return expect(destination.parts).toBeUndefined();
    const sentFor = async (rest: Partial<DeliveryRequest>): Promise<unknown[]> => {
      const before = receiver().requests.length;
      const { outcome } = await deliverOne(destination, request({ type: 'segment.exited', entry, ...rest }));
      expect(outcome).toEqual({ kind: 'delivered' });
      return receiver()
        .requests.slice(before)
        .map(({ method, path, text }) => ({ method, path, text }));
    };
    const other = { ...person, id: 'x', userId: null, email: 'other@example.com', phone: null };
    for (const action of ['add', 'remove'] as const) {
      const sent = await sentFor({ action });
      expect(sent).toHaveLength(1);
      expect(await sentFor({ action, person: other, identifiers: ['odd'] })).toEqual(sent);
    }
    const parts = destination.parts?.of(entry) ?? [];
    expect(new Set(parts).size).toBe(parts.length);
    expect(destination.parts?.without(entry, new Set(parts)) ?? null).toBeNull();
    expect(destination.parts?.without(entry, new Set()) ?? entry).toBe(entry);
  });
}
