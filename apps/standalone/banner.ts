import type { Env } from '#runtime';

/** Where a program on this machine reaches what listens on `host`. */
function baseUrl({ HOST, PORT }: Pick<Env, 'HOST' | 'PORT'>): string {
  if (HOST === '0.0.0.0' || HOST === '::') return `http://127.0.0.1:${PORT}`;
  return HOST.includes(':') && !HOST.startsWith('[') ? `http://[${HOST}]:${PORT}` : `http://${HOST}:${PORT}`;
}

/** What `npm start` prints when everything runs. */
export function banner(env: Pick<Env, 'HOST' | 'PORT' | 'WRITE_KEYS' | 'ADMIN_API_KEYS'>): string {
  const base = baseUrl(env);
  const key = env.WRITE_KEYS.length > 0 ? `  -H 'Authorization: Bearer <one of WRITE_KEYS>' \\\n` : '';
  const admin = env.ADMIN_API_KEYS.length > 0 ? '  (ask for one of ADMIN_API_KEYS)' : '';
  const body = JSON.stringify({ event: 'pricing_viewed', userId: 'u_42', properties: { plan: 'pro' } });
  return `
Segment Engine runs:

  API      ${base}/api/growth
  queues   ${base}/admin/queues${admin}
  health   ${base}/healthz  ${base}/readyz  ${base}/metrics

Try it:

curl -X POST ${base}/api/growth/events \\
  -H 'Content-Type: application/json' \\
${key}  -d '${body}'

Ctrl-C stops it; the data stay.
`;
}
