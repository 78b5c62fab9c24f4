import type { AudienceRequest, WalkKind } from '#database';
import { walkFor } from './plan-walks';

const [A, B] = ['a', 'b'];
type Wishes = readonly AudienceRequest['kind'][];

test.each<[string, { segments: string[]; walk: WalkKind | null } | null, string[], Wishes, WalkKind | null]>([
  ['a new audience is filled', null, [A], [], 'compare'],
  ['one that is as it was is left alone', { segments: [A], walk: null }, [A], [], null],
  ['another segment is another state', { segments: [A], walk: null }, [A, B], [], 'compare'],
  [
    'a walk that goes on by other segments begins anew',
    { segments: [A], walk: 'compare' },
    [B],
    [],
    'compare',
  ],
  ['that all is sent again is not forgotten', { segments: [A], walk: 'full' }, [B], [], 'full'],
  ['nobody syncs it: it is left as it is', { segments: [A], walk: 'compare' }, [], [], 'leave'],
  ['it is to be emptied', { segments: [A], walk: null }, [], ['empty'], 'empty'],
  ['it is emptied after it was left', { segments: [], walk: 'leave' }, [], ['compare', 'empty'], 'empty'],
  ['the emptying goes on', { segments: [], walk: 'empty' }, [], [], null],
  [
    'emptied, but for whom another one makes wanted',
    { segments: [A, B], walk: null },
    [B],
    ['empty'],
    'compare',
  ],
  ['a wish begins a walk anew', { segments: [A], walk: 'compare' }, [A], ['compare'], 'compare'],
  ['more than was asked for before', { segments: [A], walk: 'compare' }, [A], ['full', 'compare'], 'full'],
  ['the timetable', { segments: [A], walk: null }, [A], ['scheduled'], 'scheduled'],
  [
    'the timetable, while a walk goes on that will do',
    { segments: [A], walk: 'full' },
    [A],
    ['scheduled'],
    null,
  ],
  ['the timetable, of one that nobody syncs', { segments: [], walk: null }, [], ['scheduled'], null],
])('%s', (_name, known, segments, wishes, walk) => {
  expect(walkFor(known, segments, wishes)).toBe(walk);
});
