import {
  type Automation,
  fillTemplate,
  SLACK_TEXT_CHARS_MAX,
  type SlackAutomation,
  type TextField,
} from '#automations';
import type { SampleEvent, TransitionEvent } from '../destination';

/** What a message tells of; null: not known. */
type Values = Readonly<Record<TextField, string | null>>;

/** The message that tells of a transition. */
export function renderSlackBody(event: TransitionEvent, automation: Automation): string {
  const { person, segment } = event;
  return bodyOf(
    {
      'person.id': person.id,
      'person.userId': person.userId,
      'person.email': person.email,
      'person.phone': person.phone,
      'segment.id': segment.id,
      'segment.name': segment.name,
      event: event.type === 'segment.entered' ? 'entered' : 'exited',
      timestamp: new Date(event.timestampMs).toISOString(),
    },
    slackAutomation(automation),
  );
}

/** A message to try an automation out with: an entry, marked as a test, about nobody. */
export function renderSlackSample({ segment, nowMs }: SampleEvent, automation: Automation): string {
  const values: Values = {
    'person.id': '00000000-0000-0000-0000-000000000000',
    'person.userId': 'test-user',
    'person.email': 'test@example.com',
    'person.phone': '+15550100',
    'segment.id': segment.id,
    'segment.name': segment.name,
    event: 'entered',
    timestamp: new Date(nowMs).toISOString(),
  };
  return bodyOf(values, slackAutomation(automation), '[Test] ');
}

/** @throws TypeError for an automation of another kind */
export function slackAutomation(automation: Automation): SlackAutomation {
  if (automation.kind === 'slack') return automation;
  throw new TypeError(`a ${automation.kind} automation is not for Slack`);
}

function bodyOf(values: Values, { text }: SlackAutomation, mark = ''): string {
  const filled = text === null ? '' : fillTemplate(text, (field) => escaped(values[field] ?? ''));
  // Slack refuses a blank message, and a text may speak of what is not known of somebody.
  const said = filled.trim() === '' ? defaultText(values) : filled;
  return JSON.stringify({ text: cut(mark + said) });
}

function defaultText(values: Values): string {
  const who = values['person.email'] ?? values['person.userId'] ?? values['person.id'] ?? '';
  return `${escaped(who)} ${values.event ?? ''} ${escaped(values['segment.name'] ?? '')}`;
}

/** A value says no more than its characters: by `<` begin Slack's links and mentions (docs.slack.dev: escaping text). */
function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** At most what Slack takes, not cut within a character or an escape. */
function cut(text: string): string {
  if (text.length <= SLACK_TEXT_CHARS_MAX) return text;
  return text.slice(0, SLACK_TEXT_CHARS_MAX).replace(/(&[a-z]{0,3}|[\ud800-\udbff])$/, '');
}
