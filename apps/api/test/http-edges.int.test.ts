import { connect as connectSocket } from 'node:net';
import { useDatabase, waitFor } from '#testkit';
import { HEAD_BYTES_MAX } from '../http/limits';
import { type Api, startApi } from './harness';

// What never becomes a request for Express, and requests that take their time.

const database = useDatabase();
let api: Api;
let slow: Api;
beforeAll(async () => {
  const services = { databaseUrl: database.url, redisUrl: undefined };
  api = await startApi(services);
  slow = await startApi(services, {
    limits: { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 },
  });
});

/** Sends bytes as they are. @returns what came until the server closed the connection */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** The one answer in what came; its body may be in one chunk. */
function answerIn(text: string) {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const json = rest.join('\r\n\r\n').replace(/^[0-9a-f]+\r\n|\r\n0(\r\n)*$/g, '');
  const body: unknown = JSON.parse(json);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  return { status, type: /^content-type: (.*)$/im.exec(head)?.[1], body };
}

const host = 'Host: 127.0.0.1\r\n';

test.each([
  [
    'headers that are too large',
    `GET /healthz HTTP/1.1\r\n${host}X: ${'x'.repeat(HEAD_BYTES_MAX)}\r\n\r\n`,
    431,
  ],
  ['a path that is too long', `GET /${'x'.repeat(HEAD_BYTES_MAX)} HTTP/1.1\r\n${host}\r\n`, 431],
  ['a method that is none', `FETCH /healthz HTTP/1.1\r\n${host}\r\n`, 400],
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['two lengths', `POST /healthz HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  [
    'a length and chunks',
    `POST /healthz HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a header without a name', `GET /healthz HTTP/1.1\r\n${host}: x\r\n\r\n`, 400],
  ['an expectation that is none', `GET /healthz HTTP/1.1\r\n${host}Expect: foo\r\n\r\n`, 417],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['a proxied connection', `CONNECT example.com:443 HTTP/1.1\r\n${host}\r\n`, 405],
])('%s: a problem, and the connection ends', async (_what, bytes, status) => {
  expect(answerIn(await exchange(api.url, bytes))).toMatchObject({
    status,
    type: 'application/problem+json; charset=utf-8',
    body: { type: 'about:blank', status, title: expect.any(String), detail: expect.any(String) },
  });
});

test('headers just below the bound are taken, and 100-continue is met', async () => {
  const rest = `GET /healthz HTTP/1.1\r\n${host}Connection: close\r\nX: \r\n\r\n`.length;
  const full = `GET /healthz HTTP/1.1\r\n${host}Connection: close\r\nX: ${'x'.repeat(HEAD_BYTES_MAX - rest - 100)}\r\n\r\n`;
  expect(answerIn(await exchange(api.url, full)).status).toBe(200);
  const text = await exchange(
    api.url,
    `GET /healthz HTTP/1.1\r\n${host}Expect: 100-continue\r\nConnection: close\r\n\r\n`,
  );
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

test('an answer that is under way is not mixed with the refusal of what follows it', async () => {
  const text = await exchange(api.url, `GET /healthz HTTP/1.1\r\n${host}\r\nnonsense\r\n\r\n`);
  expect(text.match(/HTTP\/1\.1 /g)?.length).toBeLessThanOrEqual(2);
  expect(text).not.toMatch(/HTTP\/1\.1 200[\s\S]*HTTP\/1\.1 200/);
});

test('a request whose headers or body do not come is told so and cut', async () => {
  const told = { status: 408, type: 'application/problem+json; charset=utf-8' };
  expect(answerIn(await exchange(slow.url, `GET /healthz HTTP/1.1\r\n${host}`))).toMatchObject(told);
  const body = `POST /api/growth/events HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{`;
  expect(answerIn(await exchange(slow.url, body))).toMatchObject(told);
  expect((await slow.send('GET', '/healthz')).status).toBe(200);
});

test('an idle connection is kept for its next request', async () => {
  const { hostname, port } = new URL(slow.url);
  const received: string[] = [];
  const socket = connectSocket(Number(port), hostname);
  socket.setEncoding('utf8').on('data', (text) => received.push(String(text)));
  const ask = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
  const answers = (): number => received.join('').match(/HTTP\/1\.1 200/g)?.length ?? 0;
  socket.write(ask);
  await waitFor(() => answers() === 1);
  const askedAt = performance.now();
  await waitFor(() => performance.now() - askedAt > 1_000);
  socket.write(ask);
  await waitFor(() => answers() === 2);
  socket.destroy();
});
