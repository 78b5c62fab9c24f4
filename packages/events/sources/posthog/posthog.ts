import type { SourceOutcome } from '../../incoming';
import type { SourceOptions } from '../options';
import { at, objectOf, textOf } from '../reading';
import { refuseBody, takeItems } from '../take-items';
import { readPosthogItem } from './item';

/** The items of a body: a batch, a list, or one event. Null where it is none of them. */
function itemsOf(body: unknown): readonly unknown[] | null {
  if (Array.isArray(body)) return body;
  const whole = objectOf(body);
  if (whole === null) return null;
  if (Array.isArray(whole['batch'])) return whole['batch'];
  return whole['event'] === undefined ? null : [whole];
}

/** The project's key that a body carries, null where it has none. */
export function posthogKeyIn(body: unknown): string | null {
  const [first] = itemsOf(body) ?? [];
  const keys = [
    at(body, 'api_key'),
    at(body, 'token'),
    at(first, 'api_key'),
    at(first, 'properties', 'token'),
  ];
  return keys.map(textOf).find((key) => key !== null) ?? null;
}

/** The events of a body of PostHog's clients (`/batch/` and `/e/`). A bad item takes no other with it. */
export function fromPosthog(body: unknown, options: SourceOptions): SourceOutcome {
  const items = itemsOf(body);
  if (items === null) return refuseBody('invalid_body', 'must be an event, or have a batch of them');
  const sentAt = at(body, 'sent_at');
  return takeItems(
    items,
    (item, tally) => readPosthogItem(item, sentAt, options, tally),
    (item) => item['uuid'],
    options.strict === true,
    options.receipt,
  );
}
