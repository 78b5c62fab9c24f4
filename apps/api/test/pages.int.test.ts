import { queueBackends } from '#testkit';
import { type Answer, type Api, startApi } from './harness';

const PAGES = ['/', '/docs', '/admin/queues', '/admin/queues/queue/events'];

/** What a page or a style sheet makes a browser load. */
function loadedBy(text: string): string[] {
  const inPage = text.matchAll(
    /<(?:link|script|img|iframe|source|base)\b[^>]*?\b(?:src|href)=["']?([^"'\s>]+)/gi,
  );
  const inStyle = text.matchAll(/(?:url\(\s*["']?|@import\s+["'])([^"')]+)/gi);
  return [...inPage, ...inStyle].flatMap(([, target = '']) => target);
}

describe.each(queueBackends.slice(0, 1))('pages', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  const expectSafe = (answer: Answer): void => {
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.headers['content-security-policy']).toMatch(/default-src '(self|none)'/);
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  };

  test.each(PAGES)('%s and all that it loads come from here', async (path) => {
    const page = await api.send('GET', path);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expectSafe(page);
    const base = /<base href="([^"]+)"/.exec(page.text)?.[1] ?? path;
    const waiting = loadedBy(page.text).filter((target) => !target.startsWith('data:'));
    const seen = new Set<string>();
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const url = new URL(target, new URL(base, api.url));
      expect(url.origin).toBe(api.url);
      if (seen.has(url.pathname) || url.pathname === base) continue;
      seen.add(url.pathname);
      const asset = await api.send('GET', url.pathname);
      expect([url.pathname, asset.status]).toEqual([url.pathname, 200]);
      expectSafe(asset);
      if (!url.pathname.endsWith('.css')) continue;
      for (const inner of loadedBy(asset.text).filter((one) => !one.startsWith('data:')))
        waiting.push(new URL(inner, url).href);
    }
    if (path.startsWith('/admin')) expect(seen.size).toBeGreaterThan(3);
    else expect(seen.size).toBe(0);
  });

  test.each([
    ['GET', '/api/growth/segments'],
    ['GET', '/api/growth/people/nobody'],
    ['GET', '/api/growth/queues'],
    ['POST', '/api/growth/events'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/nowhere'],
    ['GET', '/admin/queues/api/queues'],
    ['DELETE', '/admin/queues/api/queues/events'],
  ])('%s %s is kept by no cache and in no frame', async (method, path) => {
    const answer = await api.send(method, path);
    expectSafe(answer);
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});
