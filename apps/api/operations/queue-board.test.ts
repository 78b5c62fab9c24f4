import { redact } from './queue-board';

describe('redact', () => {
  it('shows of events only what is nobody’s', () => {
    const shown = redact({
      events: [
        {
          messageId: 'anna@example.com/1',
          name: 'signup_completed',
          userId: 'anna@example.com',
          email: 'anna@example.com',
          occurredAt: 1,
          receivedAt: 2,
          properties: { card: '4111' },
          traits: { phone: '+49', nested: { email: 'anna@example.com' } },
          fieldOfTomorrow: 'anna@example.com',
        },
      ],
    });
    expect(JSON.stringify(shown)).not.toMatch(/anna|4111|\+49/);
    expect(shown).toMatchObject({ events: [{ name: 'signup_completed', occurredAt: 1, receivedAt: 2 }] });
  });

  it.each([null, 'text', 3, undefined])('passes %p', (data) => {
    expect(redact(data)).toBe(data);
  });
});
