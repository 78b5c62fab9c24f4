import { EnvError, parseEnv } from './env';

const NAMES = ['DATABASE_URL', 'QUEUE_DATABASE_URL', 'DATABASE_REPLICA_URL'] as const;

test.each([
  'postgresql://u:p@host:5432/db',
  'postgres://host/db?sslmode=verify-full&sslrootcert=/etc/ca.pem&connection_limit=5',
  'postgresql://u@/db?host=/var/run/postgresql',
  'postgresql://u:a%40b%2C@[::1]:5432/db?sslmode=no-verify',
  'postgresql://u:a,b@host/db',
])('takes %s', (url) => {
  for (const name of NAMES) expect(parseEnv({ [name]: url })[name]).toBe(url);
});

test.each([
  ['mysql://u@h/db', 'must be a URL that begins with postgresql://'],
  ['postgresql://u:secret@h1:5432,h2:5432/db', 'must name one host'],
  ['postgresql://u:secret@h1,h2/db?target_session_attrs=read-write', 'must name one host'],
  ['postgresql://u:secret@/db?host=h1,h2', 'must name one host'],
  ['postgresql://u:se#cret@h:5432/db', 'percent-encoded'],
  ['postgresql://u:secret@h/db?sslmode=always', 'sslmode must be one of disable, allow, prefer, require'],
  ['postgresql://u:secret@h/db?sslmode=verify-ca', 'sslmode=verify-ca needs sslrootcert'],
  ['postgresql://u:secret@h/db?connection_limit=many', 'connection_limit must be a whole number from 1'],
  ['postgresql://u:secret@h/db?connection_limit=0', 'connection_limit must be a whole number from 1'],
])('refuses %s by the name of the variable, and does not repeat it', (url, reason) => {
  for (const name of NAMES) {
    const parse = () => parseEnv({ [name]: url });
    expect(parse).toThrow(EnvError);
    expect(parse).toThrow(`${name}: `);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow(/secret|se#cret/);
  }
});
