import { raw, SEGMENTS, UNKNOWN, webhook, type WrongRequest } from './wrong-request';

const REPLAY = '/api/growth/deliveries/replay';
const ROTATE = `${SEGMENTS}/${UNKNOWN}/automations/${UNKNOWN}/rotate-secret`;
const TEST = `${SEGMENTS}/${UNKNOWN}/automations/test`;
const HEADER = 'automationConfig.webhook.headers.X-A';

export const WRONG_AUTOMATIONS: WrongRequest[] = [
  [
    'a header that looks sealed',
    'POST',
    SEGMENTS,
    webhook({ headers: { 'X-A': 'sealed:v1:0:0' } }),
    400,
    [HEADER],
  ],
  [
    'a secret that looks sealed',
    'POST',
    SEGMENTS,
    webhook({ secret: 'sealed:v1:0:0' }),
    400,
    ['automationConfig.webhook.secret'],
  ],
  [
    'earlier secrets of one’s own',
    'POST',
    SEGMENTS,
    webhook({ previousSecrets: [] }),
    400,
    ['automationConfig.webhook.previousSecrets'],
  ],
  ['a rotation in an unknown segment', 'POST', ROTATE, {}, 404, null],
  ['a rotation to a mask', 'POST', ROTATE, { body: { secret: '***' } }, 400, ['secret']],
  ['a rotation to a short secret', 'POST', ROTATE, { body: { secret: 'whsec_c2hvcnQ=' } }, 400, ['secret']],
  ['a rotation with more', 'POST', ROTATE, { body: { secrets: [] } }, 400, ['secrets']],
  ['a rotation by a form', 'POST', ROTATE, raw('secret=1', 'application/x-www-form-urlencoded'), 415, null],
  ['GET of a rotation', 'GET', ROTATE, {}, 405, null],
  ['a rotation of no id', 'POST', `${SEGMENTS}/${UNKNOWN}/automations/x/rotate-secret`, {}, 404, null],
  ['a test in an unknown segment', 'POST', TEST, {}, 404, null],
  ['a test of no id', 'POST', TEST, { body: { automationId: 'x' } }, 400, ['automationId']],
  ['a test of any address', 'POST', TEST, { body: { url: 'http://127.0.0.1/' } }, 400, ['url']],
  ['GET of a test', 'GET', TEST, {}, 405, null],
  ['a replay of nothing', 'POST', REPLAY, { body: {} }, 400, ['segmentId', 'since']],
  ['a replay without a body', 'POST', REPLAY, {}, 400, ['segmentId', 'since']],
  [
    'a replay since no time',
    'POST',
    REPLAY,
    { body: { segmentId: UNKNOWN, since: 'yesterday' } },
    400,
    ['since'],
  ],
  [
    'a replay of what it can not choose',
    'POST',
    REPLAY,
    { body: { segmentId: 'x', since: 0, destination: 'pigeon', status: 'dead' } },
    400,
    ['segmentId', 'destination', 'status'],
  ],
  ['a replay of an unknown segment', 'POST', REPLAY, { body: { segmentId: UNKNOWN, since: 0 } }, 404, null],
];
