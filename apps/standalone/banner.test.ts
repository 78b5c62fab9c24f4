import { banner } from './banner';

const env = { HOST: '127.0.0.1', PORT: 3000, WRITE_KEYS: [], ADMIN_API_KEYS: [] };

describe('banner', () => {
  it('gives a curl that works as it stands when no keys are set', () => {
    const text = banner(env);
    expect(text).toContain('curl -X POST http://127.0.0.1:3000/api/growth/events');
    expect(text).not.toContain('Authorization');
  });

  it('shows where a key goes, but no key', () => {
    const text = banner({ ...env, WRITE_KEYS: ['w-1'], ADMIN_API_KEYS: ['a-1'] });
    expect(text).toContain("-H 'Authorization: Bearer <one of WRITE_KEYS>'");
    expect(text).not.toMatch(/w-1|a-1/);
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:3000/healthz'],
    ['::1', 'http://[::1]:3000/healthz'],
    ['localhost', 'http://localhost:3000/healthz'],
  ])('makes a URL for HOST %s', (HOST, url) => {
    expect(banner({ ...env, HOST })).toContain(url);
  });
});
