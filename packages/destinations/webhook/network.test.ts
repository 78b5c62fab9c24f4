import type { ServerResponse } from 'node:http';
import type { Outcome } from '../destination';
import { deliver, requestTo, useReceiver } from './test/request';

const receiver = useReceiver();

describe('what the network does', () => {
  test('an endless wait for headers is cut', async () => {
    receiver().respondWith(() => undefined);
    const result = await deliver(requestTo(receiver()), { timeoutMs: 150 });
    expect(result).toMatchObject({ outcome: { kind: 'retry', error: 'TIMEOUT' }, httpStatus: null });
    expect(result.durationMs).toBeGreaterThanOrEqual(140);
    expect(result.durationMs).toBeLessThan(2_000);
  });

  test.each([200, 201, 202])(
    'a %d counts once its headers are there, though its body drips',
    async (status) => {
      receiver().respondWith((_request, response) => {
        response.writeHead(status);
        const drip = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(drip));
      });
      const result = await deliver(requestTo(receiver()), { timeoutMs: 200 });
      expect(result).toMatchObject({ outcome: { kind: 'delivered' }, httpStatus: status, error: null });
    },
  );

  test('a body that drips is left long before the attempt’s time is over', async () => {
    receiver().respondWith((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const result = await deliver(requestTo(receiver()), { timeoutMs: 15_000 });
    expect(result).toMatchObject({
      outcome: { kind: 'delivered' },
      responseBody: expect.stringMatching(/^\.+$/),
    });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['closes', (response) => response.destroy()],
    ['resets', (response) => response.socket?.resetAndDestroy()],
  ])('a receiver that answers 200, begins its body and %s has got it', async (_name, breakOff) => {
    receiver().respondWith((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('abc', () => breakOff(response));
    });
    expect(await deliver(requestTo(receiver()))).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: 200,
      responseBody: 'abc',
    });
  });

  test.each<[number, Outcome['kind']]>([
    [410, 'final'],
    [500, 'retry'],
  ])('a %d keeps its meaning, too, when its body breaks off', async (status, kind) => {
    receiver().respondWith((_request, response) => {
      response.writeHead(status, { 'content-length': '100' });
      response.write('abc', () => response.destroy());
    });
    expect(await deliver(requestTo(receiver()))).toMatchObject({
      outcome: { kind, error: `HTTP ${status}` },
      httpStatus: status,
    });
  });

  test('a stop while the body comes in takes nothing back', async () => {
    const stop = new AbortController();
    receiver().respondWith((_request, response) => {
      response.writeHead(200);
      response.write('abc', () => setTimeout(() => stop.abort(), 50));
    });
    expect((await deliver(requestTo(receiver()), { signal: stop.signal })).outcome.kind).toBe('delivered');
  });

  test('the caller’s signal cuts too, before and during the exchange', async () => {
    const controller = new AbortController();
    receiver().respondWith(() => controller.abort());
    const expected = { kind: 'retry', error: 'ABORTED' };
    expect((await deliver(requestTo(receiver()), { signal: controller.signal })).outcome).toEqual(expected);
    expect((await deliver(requestTo(receiver()), { signal: controller.signal })).outcome).toEqual(expected);
    expect(receiver().requests).toHaveLength(1);
  });

  test('a connection that is reset before the answer', async () => {
    receiver().respondWith((_request, response) => {
      response.socket?.resetAndDestroy();
    });
    expect((await deliver(requestTo(receiver()))).outcome).toEqual({ kind: 'retry', error: 'ECONNRESET' });
  });

  test('nobody listens, or no TLS', async () => {
    const url = receiver().origin;
    const noTls = await deliver(requestTo(receiver(), { url: url.replace('http:', 'https:') }));
    expect(noTls).toMatchObject({ outcome: { kind: 'retry' }, httpStatus: null });
    await receiver().close();
    expect((await deliver(requestTo(receiver()))).outcome).toEqual({ kind: 'retry', error: 'ECONNREFUSED' });
  });

  test('an address that is not allowed is final', async () => {
    const result = await deliver(requestTo(receiver()), { allowCidrs: [] });
    expect(result).toMatchObject({ outcome: { kind: 'final', error: 'EGRESS_BLOCKED' }, httpStatus: null });
    expect(receiver().requests).toHaveLength(0);
  });
});
