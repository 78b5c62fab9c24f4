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

  test('a body that drips is cut', async () => {
    receiver().respondWith((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect((await deliver(requestTo(receiver()), { timeoutMs: 200 })).outcome).toEqual({
      kind: 'retry',
      error: 'TIMEOUT',
    });
  });

  test('the caller’s signal cuts too, before and during the exchange', async () => {
    const controller = new AbortController();
    receiver().respondWith(() => controller.abort());
    const expected = { kind: 'retry', error: 'ABORTED' };
    expect((await deliver(requestTo(receiver()), { signal: controller.signal })).outcome).toEqual(expected);
    expect((await deliver(requestTo(receiver()), { signal: controller.signal })).outcome).toEqual(expected);
    expect(receiver().requests).toHaveLength(1);
  });

  test('a connection that is reset, before and within the answer', async () => {
    receiver().respondWith((_request, response) => {
      response.socket?.resetAndDestroy();
    });
    expect((await deliver(requestTo(receiver()))).outcome).toEqual({ kind: 'retry', error: 'ECONNRESET' });
    receiver().respondWith((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.resetAndDestroy());
    });
    expect((await deliver(requestTo(receiver()))).outcome).toMatchObject({ kind: 'retry' });
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
