import { SEGMENTS, UNKNOWN } from './wrong-request';
import type { WrongRequest } from './wrong-request';

const OTHER = UNKNOWN.replace('dead', 'beef');
const many = (count: number): string =>
  Array.from({ length: count }, (_none, index) => UNKNOWN.slice(0, -4) + String(1000 + index)).join(',');

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
];
