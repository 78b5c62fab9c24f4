import { queueBackends } from '#testkit';
import { useAudiences } from './audience-fixture';

jest.setTimeout(60_000);

describe.each(queueBackends)('synced audiences on $name', ({ useServices }) => {
  const world = useAudiences(useServices());

  test('an address that changes, or goes, does so in the audience', async () => {
    const { engine, user, address, addresses, synced, create, join, members } = world();
    await create(synced());
    await join('ada');
    await engine.settled();
    expect(members()).toEqual(addresses('ada'));
    await engine.tell([{ userId: user('ada'), email: address('new') }]);
    await engine.settled();
    expect(members()).toEqual(addresses('new'));
    await engine.tell([{ userId: user('ada'), email: null }]);
    await engine.settled();
    expect(members()).toEqual([]);
  });

  test('who enters without an address is there once they have one', async () => {
    const { engine, user, address, addresses, synced, create, members, plan } = world();
    await create(synced());
    await engine.tell([{ userId: user('bob'), plan }]);
    await engine.settled();
    expect(members()).toEqual([]);
    await engine.tell([{ userId: user('bob'), email: address('bob') }]);
    await engine.settled();
    expect(members()).toEqual(addresses('bob'));
  });

  test('an address stays as long as a member has it', async () => {
    const { engine, user, address, synced, create, leave, members, plan } = world();
    await create(synced());
    const team = address('team');
    await engine.tell([
      { userId: user('p'), plan, email: team },
      { userId: user('q'), plan, email: team },
    ]);
    await leave('p');
    await engine.settled();
    expect(members()).toEqual([team]);
    // It moves to somebody else, and then the one who had it goes.
    await engine.tell([{ userId: user('r'), plan, email: team }]);
    await engine.tell([{ userId: user('q'), email: address('q') }]);
    await leave('q');
    await engine.settled();
    expect(members()).toEqual([team]);
    await leave('r');
    await engine.settled();
    expect(members()).toEqual([]);
  });

  test('attached to a segment with members it is filled, and so is another one instead of it', async () => {
    const { engine, addresses, synced, create, join, leave, members, viewOf, audienceId } = world();
    const id = await create(null);
    await join('a', 'b');
    await engine.client.updateSegment(id, { automationConfig: synced() });
    await engine.settled();
    expect(members()).toEqual(addresses('a', 'b'));
    const other = `${audienceId}_other`;
    await engine.client.updateSegment(id, { automationConfig: synced(other) });
    await engine.settled();
    expect(members(other)).toEqual(addresses('a', 'b'));
    const view = { destination: 'resend', audienceId: other, segments: [id] };
    const counts = { wanted: 2, applied: 2, pending: 0, failed: 0, settledAt: expect.any(String) };
    expect(await viewOf(other)).toEqual({ ...view, ...counts });
    // The first one is left as it is, whoever leaves later.
    await leave('a');
    await engine.settled();
    expect(members(other)).toEqual(addresses('b'));
    expect(members()).toEqual(addresses('a', 'b'));
    expect(await viewOf()).toMatchObject({ segments: [], wanted: 0, applied: 2, pending: 0 });
  });

  test('detached and attached again it holds whom it should by then', async () => {
    const { engine, addresses, synced, create, join, leave, members } = world();
    const id = await create(synced());
    await join('stays', 'leaves');
    await engine.settled();
    await engine.client.updateSegment(id, { automationConfig: null });
    await leave('leaves');
    await join('comes');
    await engine.settled();
    expect(members()).toEqual(addresses('stays', 'leaves'));
    await engine.client.updateSegment(id, { automationConfig: synced() });
    await engine.settled();
    expect(members()).toEqual(addresses('stays', 'comes'));
  });

  test('of two segments that sync it either holds whom it makes wanted', async () => {
    const { engine, user, address, addresses, synced, create, join, members, plan } = world();
    const first = await create(synced());
    const second = await create(synced(), { traits: { team: { eq: plan } } });
    await join('both', 'first');
    await engine.tell([
      { userId: user('both'), team: plan },
      { userId: user('second'), team: plan, email: address('second') },
    ]);
    await engine.settled();
    expect(members()).toEqual(addresses('both', 'first', 'second'));
    await engine.client.updateSegment(second, { automationConfig: null });
    await engine.settled();
    expect(members()).toEqual(addresses('both', 'first'));
    await engine.client.updateSegment(second, { automationConfig: synced() });
    await engine.client.deleteSegment(first);
    await engine.settled();
    expect(members()).toEqual(addresses('both', 'second'));
  });

  test.each(['DELETE', 'PATCH'])(
    '%s archives and leaves it, or empties it where that is asked',
    async (method) => {
      const { resend, engine, address, addresses, synced, create, join, members, viewOf, audienceId } =
        world();
      resend.addContact(address('before'), { segments: [audienceId, `${audienceId}_b`] });
      const left = await create(synced());
      const emptied = await create(synced(`${audienceId}_b`));
      await join('a');
      await engine.settled();
      if (method === 'DELETE') {
        await engine.client.deleteSegment(left);
        await engine.client.deleteSegment(emptied, { audiences: 'empty' });
      } else {
        await engine.client.updateSegment(left, { status: 'archived' });
        await engine.client.updateSegment(emptied, { status: 'archived', audiences: 'empty' });
      }
      await engine.settled();
      expect(members()).toEqual(addresses('a', 'before'));
      expect(members(`${audienceId}_b`)).toEqual(addresses('before'));
      expect(await viewOf(`${audienceId}_b`)).toBeUndefined();
      // What was left can be emptied later.
      await engine.client.deleteSegment(left, { audiences: 'empty' });
      await engine.settled();
      expect(members()).toEqual(addresses('before'));
    },
  );

  test('emptied on detaching it keeps whom another segment makes wanted', async () => {
    const { engine, user, addresses, synced, create, join, members, plan } = world();
    const id = await create(synced());
    await create(synced(), { traits: { team: { eq: plan } } });
    await join('a', 'b');
    await engine.tell([{ userId: user('b'), team: plan }]);
    await engine.client.updateSegment(id, { automationConfig: null, audiences: 'empty' });
    await engine.settled();
    expect(members()).toEqual(addresses('b'));
  });

  test('no suppression silences it', async () => {
    const { synced, engine, address, addresses, join, members, plan } = world();
    await join('a');
    const criteria = { traits: { plan: { eq: plan } } };
    const config = { ...synced(), webhook: { url: 'http://127.0.0.1:9/' } };
    const body = { name: 's', criteria, automationConfig: config, automations: 'suppress' } as const;
    const { segment } = await engine.client.createSegment(body);
    await engine.settled();
    expect(members()).toEqual(addresses('a'));
    const edit = { criteria: { not: criteria }, automations: 'suppress' } as const;
    await engine.client.updateSegment(segment.id, { ...edit, status: 'active' });
    await engine.settled();
    expect(members()).not.toContain(address('a'));
    const webhooks = { segmentId: segment.id, destination: 'webhook' } as const;
    expect((await engine.client.listDeliveries(webhooks)).deliveries).toEqual([]);
  });
});
