import type { EventKind } from '../../incoming';
import { segmentRouteOf } from '../segment-spec/segment';

// Jitsu's clients send one event at a time in the form of the Segment API: `fromSegment` reads it.

/** The call that `/api/s/<type>` means, null for what is none. */
export function jitsuRouteOf(type: string): EventKind | null {
  const route = type.length === 1 ? null : segmentRouteOf(type);
  return route === 'batch' || route === 'import' ? null : route;
}

/** The key of an `X-Write-Key` header, `key:secret`: what stands before the colon. Null where there is none. */
export function jitsuKeyIn(header: unknown): string | null {
  if (typeof header !== 'string') return null;
  const [key = ''] = header.split(':', 1);
  return key.trim() === '' ? null : key.trim();
}
