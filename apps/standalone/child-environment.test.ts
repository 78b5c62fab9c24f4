import { environmentFor } from './child-environment';

const ENVIRONMENT = {
  PATH: '/bin',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  AWS_SECRET_ACCESS_KEY: 'somebody else’s',
  npm_config_token: 'somebody else’s',
  DATABASE_URL: 'postgresql://h/d',
  SECRETS_KEY: 'k',
  SECRETS_KEY_FILE: '/run/secrets/key',
  ADMIN_API_KEYS: 'a',
  WRITE_KEYS: 'w',
  RESEND_API_KEY: 'r',
  WORKER_STAGES: 'features',
};

test.each([
  [
    'api',
    [
      'PATH',
      'NODE_EXTRA_CA_CERTS',
      'DATABASE_URL',
      'SECRETS_KEY',
      'ADMIN_API_KEYS',
      'WRITE_KEYS',
      'RESEND_API_KEY',
    ],
  ],
  ['worker', ['PATH', 'NODE_EXTRA_CA_CERTS', 'DATABASE_URL', 'WORKER_STAGES']],
  ['dispatcher', ['PATH', 'NODE_EXTRA_CA_CERTS', 'DATABASE_URL', 'SECRETS_KEY', 'RESEND_API_KEY']],
] as const)('the %s process gets what it needs', (child, names) => {
  expect(new Set(Object.keys(environmentFor(child, ENVIRONMENT)))).toEqual(new Set(names));
});
