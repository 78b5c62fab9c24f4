import { queueBackends, resendError, waitFor } from '#testkit';
import { useAudiences } from './audience-fixture';

jest.setTimeout(60_000);

describe.each(queueBackends)('what is sent to synced audiences on $name', ({ useServices }) => {
  const world = useAudiences(useServices());

  test('what was given up is tried again when it is reconciled, and full sends everything', async () => {
    const { resend, engine, address, addresses, synced, create, join, members, viewOf, audienceId } = world();
    await create(synced());
    resend.disturb((request) =>
      request.path.includes(audienceId) ? () => resendError(422, 'invalid_parameter', 'no') : null,
    );
    await join('a', 'b');
    await waitFor(async () => (await viewOf())?.failed === 2);
    expect(await viewOf()).toMatchObject({ wanted: 2, applied: 0, pending: 0, failed: 2 });
    resend.disturb(null);
    const name = { destination: 'resend', audienceId } as const;
    const { audience } = await engine.client.reconcileAudience(name);
    expect(audience).toMatchObject({ ...name, failed: 2, settledAt: null });
    await engine.settled();
    expect(members()).toEqual(addresses('a', 'b'));
    // Somebody else takes one out: the engine only learns of it when all is sent again.
    resend.contacts.get(address('a'))?.segments.delete(audienceId);
    await engine.client.reconcileAudience(name);
    await engine.settled();
    expect(members()).toEqual(addresses('b'));
    await engine.client.reconcileAudience({ ...name, full: true });
    await engine.settled();
    expect(members()).toEqual(addresses('a', 'b'));
  });

  test('a delivery of an entry that died is retried by hand', async () => {
    const { resend, engine, addresses, synced, create, join, members, viewOf, audienceId } = world();
    const id = await create(synced());
    // The walk through the new audience would try it again.
    await engine.settled();
    resend.disturb((request) =>
      request.path.includes(audienceId) ? () => resendError(422, 'invalid_parameter', 'no') : null,
    );
    await join('a');
    const dead = { segmentId: id, status: 'dead' } as const;
    const found = await waitFor(async () => (await engine.client.listDeliveries(dead)).deliveries[0]);
    expect(found).toMatchObject({ destination: 'resend', type: 'segment.entered' });
    resend.disturb(null);
    await engine.client.retryDelivery(found.id);
    await engine.settled();
    expect(members()).toEqual(addresses('a'));
    expect(await viewOf()).toMatchObject({ applied: 1, failed: 0 });
  });

  test('who comes and goes before anything is sent is never sent, nor taken out', async () => {
    const {
      resend,
      engine,
      address,
      addresses,
      synced,
      create,
      join,
      leave,
      members,
      audienceId,
      stopDispatcher,
      startDispatcher,
    } = world();
    await stopDispatcher();
    resend.addContact(address('guest'), { segments: [audienceId] });
    await create(synced());
    await join('guest');
    await leave('guest');
    await join('a');
    startDispatcher();
    await engine.settled();
    expect(members()).toEqual(addresses('a', 'guest'));
    expect(resend.requests.filter(({ path }) => path.endsWith(audienceId) && path.includes('guest'))).toEqual(
      [],
    );
  });

  test('an add that was never sent is taken back, and leaves who was there before', async () => {
    const { resend, engine, address, addresses, synced, create, join, leave, members, viewOf, audienceId } =
      world();
    const id = await create(synced());
    await engine.settled();
    await engine.db.deliveryGate.create({
      data: {
        destination: 'resend',
        endpoint: `resend:${audienceId}`,
        state: 'paused',
        until: new Date(Date.now() + 60_000),
      },
    });
    resend.addContact(address('guest'), { segments: [audienceId] });
    await join('guest');
    await waitFor(async () => (await viewOf())?.pending === 1);
    await leave('guest');
    await waitFor(async () => (await viewOf())?.pending === 0);
    await engine.db.deliveryGate.deleteMany({});
    await engine.settled();
    expect(members()).toEqual(addresses('guest'));
    const { deliveries } = await engine.client.listDeliveries({ segmentId: id });
    expect(deliveries.map(({ status }) => status)).toEqual(['superseded']);
  });

  test('archiving gives up what was not sent yet', async () => {
    const { engine, synced, create, join, members, viewOf, audienceId } = world();
    const id = await create(synced());
    await engine.settled();
    await engine.db.deliveryGate.create({
      data: {
        destination: 'resend',
        endpoint: `resend:${audienceId}`,
        state: 'paused',
        until: new Date(Date.now() + 60_000),
      },
    });
    await join('a');
    await waitFor(async () => (await viewOf())?.pending === 1);
    await engine.client.deleteSegment(id);
    await engine.settled();
    await engine.db.deliveryGate.deleteMany({});
    const { deliveries } = await engine.client.listDeliveries({ segmentId: id });
    expect(deliveries.map(({ status, reason }) => [status, reason])).toEqual([
      ['skipped', 'segment archived'],
    ]);
    expect(members()).toEqual([]);
  });

  test('a pause keeps whom it holds', async () => {
    const { engine, user, address, addresses, synced, create, join, leave, members } = world();
    const id = await create(synced());
    await join('a');
    await engine.settled();
    await engine.client.updateSegment(id, { status: 'paused' });
    await leave('a');
    await engine.tell([{ userId: user('a'), email: address('b') }]);
    await engine.settled();
    expect(members()).toEqual(addresses('b'));
    await engine.client.updateSegment(id, { status: 'active' });
    await engine.settled();
    expect(members()).toEqual([]);
  });

  test('who is erased is in none any more, but for an address that somebody else has', async () => {
    const { engine, synced, create, join, members, address, addresses, user, plan } = world();
    await create(synced());
    await join('a', 'b');
    await engine.tell([{ userId: user('c'), plan, email: address('b') }]);
    await engine.settled();
    for (const name of ['a', 'b']) {
      const { erasure } = await engine.client.erasePerson(user(name));
      await waitFor(async () => (await engine.client.getErasure(erasure.id)).erasure.status === 'completed');
    }
    expect(members()).toEqual(addresses('b'));
    const left = await engine.db.$queryRawUnsafe<{ text: string }[]>(
      `SELECT d.identifier AS text FROM delivery d WHERE d.identifier LIKE '%' || $1 || '%'
        UNION ALL SELECT e.identifier FROM audience_entry e WHERE e.identifier LIKE '%' || $1 || '%'`,
      address('a'),
    );
    expect(left).toEqual([]);
  });
});
