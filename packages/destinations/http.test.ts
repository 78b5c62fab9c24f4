import { once } from 'node:events';
import { type FakeReceiver, reply, startFakeReceiver } from '../testkit/fakes';
import { makeSendHttp } from './http';

let receiver: FakeReceiver;
beforeEach(async () => {
  receiver = await startFakeReceiver();
});
afterEach(() => receiver.close());

const send = (headers: Record<string, string> = {}) =>
  makeSendHttp()({ method: 'POST', url: receiver.origin, headers, body: '{}' }, AbortSignal.timeout(5_000));

/** The answer's kept body; fails when there was no answer of this status. */
async function keptBody(status: number): Promise<string> {
  const result = await send();
  if (result.kind !== 'response' || result.status !== status) throw new Error(JSON.stringify(result));
  return result.body;
}

describe('what is kept of an answer', () => {
  test('10 MB: counted by its status, cut at 16 KB, the rest never read', async () => {
    let writtenBytes = 0;
    const piece = Buffer.alloc(64 * 1_024, 'é');
    receiver.respondWith(async (_request, response) => {
      const closed = once(response, 'close');
      response.writeHead(200);
      while (writtenBytes < 10 * 1_024 * 1_024 && !response.destroyed) {
        writtenBytes += piece.length;
        if (response.write(piece)) continue;
        await Promise.race([new Promise((resolve) => response.once('drain', resolve)), closed]);
      }
      response.end();
    });
    expect(await keptBody(200)).toBe('é'.repeat(8 * 1_024));
    expect(writtenBytes).toBeLessThan(10 * 1_024 * 1_024);
  });

  test('bytes that are no text, and NUL, become storable', async () => {
    receiver.respondWith(reply(200, { body: Buffer.from([0x61, 0x00, 0xff, 0xfe, 0xc3, 0xa9, 0x62]) }));
    expect(await keptBody(200)).toBe('a\ufffd\ufffd\ufffdéb');
    receiver.respondWith(reply(500, { body: Buffer.alloc(20_000, 0xff) }));
    const body = await keptBody(500);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(16 * 1_024);
    expect(body).toMatch(/^\ufffd+$/);
  });
});

test('an answer is a value: its status, its headers in lower case', async () => {
  receiver.respondWith(reply(418, { headers: { 'X-Mixed-Case': 'Yes' }, body: 'teapot' }));
  expect(await send()).toMatchObject({
    kind: 'response',
    status: 418,
    headers: { 'x-mixed-case': 'Yes' },
    body: 'teapot',
  });
});

test('the content type is ours, and no compressed answer is asked for', async () => {
  await send({ 'content-type': 'text/plain' });
  expect(receiver.requests[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  });
});
