import { raw, SEGMENTS, UNKNOWN, type WrongRequest } from './wrong-request';
import type { Sending } from './harness';

const OTHER = UNKNOWN.replace('dead', 'beef');
const many = (count: number): string =>
  Array.from({ length: count }, (_none, index) => UNKNOWN.slice(0, -4) + String(1000 + index)).join(',');
const preview = (fields: object): Sending => ({
  body: { criteria: { person: { hasEmail: true } }, ...fields },
});

export const WRONG_REPORTS: WrongRequest[] = [
  ['an overlap of nothing', 'GET', `${SEGMENTS}/overlap`, {}, 400, ['ids']],
  ['an overlap of one', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN}`, {}, 400, ['ids']],
  ['an overlap of 21', 'GET', `${SEGMENTS}/overlap?ids=${many(21)}`, {}, 400, ['ids']],
  ['an overlap of one and itself', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN},${UNKNOWN}`, {}, 400, ['ids']],
  ['an overlap of what is no id', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN},42`, {}, 400, ['ids[1]']],
  ['an overlap with an empty id', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN},`, {}, 400, ['ids[1]']],
  ['two lists of ids', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN}&ids=${OTHER}`, {}, 400, ['ids']],
  ['an overlap of unknown segments', 'GET', `${SEGMENTS}/overlap?ids=${UNKNOWN},${OTHER}`, {}, 404, null],
  ['POST of an overlap', 'POST', `${SEGMENTS}/overlap`, { body: {} }, 405, null],
  ['an export of an unknown segment', 'GET', `${SEGMENTS}/${UNKNOWN}/members/export`, {}, 404, null],
  ['an export of what is no segment', 'GET', `${SEGMENTS}/x/members/export`, {}, 404, null],
  [
    'an export as a spreadsheet',
    'GET',
    `${SEGMENTS}/${UNKNOWN}/members/export?format=xlsx`,
    {},
    400,
    ['format'],
  ],
  [
    'an export in two formats',
    'GET',
    `${SEGMENTS}/${UNKNOWN}/members/export?format=csv&format=ndjson`,
    {},
    400,
    ['format'],
  ],
  ['an explanation of nobody', 'GET', `/api/growth/people/nobody/segments/${UNKNOWN}/explain`, {}, 404, null],
  ['an explanation by POST', 'POST', `/api/growth/people/nobody/segments/${UNKNOWN}/explain`, {}, 405, null],
  ['a preview of nothing', 'POST', `${SEGMENTS}/preview`, { body: {} }, 400, ['criteria']],
  ['a preview without a body', 'POST', `${SEGMENTS}/preview`, {}, 400, null],
  [
    'a preview with everything wrong',
    'POST',
    `${SEGMENTS}/preview`,
    { body: { criteria: { features: { actvDays: { min: 1 } } }, limit: 0, nme: 's' } },
    400,
    ['criteria.features.actvDays', 'limit', 'nme'],
  ],
  ['a preview of 1,001', 'POST', `${SEGMENTS}/preview`, preview({ limit: 1001 }), 400, ['limit']],
  ['a preview of a half', 'POST', `${SEGMENTS}/preview`, preview({ limit: 0.5 }), 400, ['limit']],
  ['a preview of a word', 'POST', `${SEGMENTS}/preview`, preview({ limit: '10' }), 400, ['limit']],
  ['a preview as a form', 'POST', `${SEGMENTS}/preview`, raw('criteria=x', 'text/plain'), 415, null],
  ['GET of a preview', 'GET', `${SEGMENTS}/preview`, {}, 405, null],
  [
    'a preview of members of what is not there',
    'POST',
    `${SEGMENTS}/preview`,
    preview({ criteria: { any: [{ segments: { memberOf: [UNKNOWN] } }] } }),
    400,
    ['criteria.any[0].segments.memberOf[0]'],
  ],
  ['a dry run of an unknown segment', 'POST', `${SEGMENTS}/${UNKNOWN}/dry-run`, preview({}), 404, null],
  ['a dry run of what is no segment', 'POST', `${SEGMENTS}/x/dry-run`, preview({}), 404, null],
  ['a dry run of nothing', 'POST', `${SEGMENTS}/${UNKNOWN}/dry-run`, { body: {} }, 400, ['criteria']],
  [
    'a dry run of another name',
    'POST',
    `${SEGMENTS}/${UNKNOWN}/dry-run`,
    preview({ name: 'n' }),
    400,
    ['name'],
  ],
];
