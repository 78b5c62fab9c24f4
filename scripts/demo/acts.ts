import type { SegmentEngineClient } from '#client';
import type { Echo } from './echo';
import type { ReceiverName } from './receivers';
import { AUDIENCES } from './segments';
import type { Tale } from './tale';
import type { Terminal } from './terminal';
import { DemoFailure } from './until';

/** What the acts are played with. */
export type Play = {
  readonly client: SegmentEngineClient;
  readonly tale: Tale;
  readonly echo: Echo;
  readonly terminal: Terminal;
  /** Where no vendor is told of anything, nothing is skipped either. */
  readonly told: ReadonlySet<ReceiverName>;
  /** Makes a name that nobody had before in the database at hand. */
  readonly nameOf: (name: string) => string;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** A trial, a look at the prices, and a sale; then messages that come twice, and late. */
export async function playAda({ tale, echo, terminal, nameOf }: Play): Promise<void> {
  const ada = nameOf('ada');
  const email = `${ada}@example.com`;
  terminal.heading('Ada tries the product, and looks at the prices');
  await tale.track({ event: 'signup_completed', userId: ada, traits: { email } }, 'with her e-mail address');
  await tale.subscribe(
    ada,
    { status: 'trialing', planName: 'pro', mrr: 4900 },
    'trialing, pro, 49.00 a month',
  );
  await tale.stands(ada, { features: { pricingViews: 0 }, subscription: 'trialing', in: [] });
  const view = { event: 'pricing_viewed', userId: ada, messageId: `${ada}-view` };
  await tale.track(view, 'she looks at the prices');
  await tale.enters(ada, 'trial');
  await echo.webhook('trial', 'segment.entered', ada);
  await echo.resendAdds(email, AUDIENCES.trial);
  await tale.changesNothing(ada, 'the same message again counts once: pricingViews is still 1', () =>
    tale.track(view, 'the same messageId again'),
  );

  terminal.heading('Ada buys: she leaves the segment, and the audience with it');
  const late = { status: 'trialing', planName: 'pro', mrr: 4900, occurredAt: ago(HOUR_MS) };
  await tale.subscribe(ada, { status: 'active', planName: 'pro', mrr: 4900 }, 'active');
  await tale.leaves(ada, 'trial');
  await echo.webhook('trial', 'segment.exited', ada);
  await echo.resendRemoves(email, AUDIENCES.trial);
  const send = (): Promise<void> => tale.subscribe(ada, late, 'trialing, an hour ago: it comes late');
  await tale.changesNothing(ada, 'a late message changes nothing: the newest state stays', send);
  await tale.changesNothing(ada, 'nor does it the second time', send);
  await tale.stands(ada, { features: { pricingViews: 1, coreActions: 1 }, subscription: 'active', in: [] });
}

/** Silence, and a return. */
export async function playBen({ tale, echo, terminal, nameOf }: Play): Promise<void> {
  const ben = nameOf('ben');
  const email = `${ben}@example.com`;
  terminal.heading('Ben was active, and fell silent: his history arrives');
  const event = { event: 'core_action', userId: ben, traits: { email } };
  await tale.track({ ...event, timestamp: ago(20 * DAY_MS) }, 'dated 20 days ago, nothing since');
  await tale.enters(ben, 'churned');
  await echo.webhook('churned', 'segment.entered', ben);
  await echo.metaAdds(ben, email, AUDIENCES.winBack);
  await tale.track({ event: 'core_action', userId: ben }, 'now: he is back');
  await tale.leaves(ben, 'churned');
  await echo.webhook('churned', 'segment.exited', ben);
  await tale.stands(ben, { features: { activeDays: 2, coreActions: 2 }, in: [] });
}

/** Somebody that an advertiser can't be told of. */
export async function playDora({ client, tale, echo, terminal, told, nameOf }: Play): Promise<void> {
  const dora = nameOf('dora');
  terminal.heading('Dora cancels; nobody knows her e-mail address');
  await tale.subscribe(dora, { status: 'canceled' }, 'canceled');
  await tale.enters(dora, 'churned');
  await echo.webhook('churned', 'segment.entered', dora);
  if (!told.has('Meta')) return;
  await tale.settle(dora);
  const { deliveries } = await client.listDeliveries({ personId: dora, destination: 'meta' });
  const [delivery] = deliveries;
  if (deliveries.length !== 1 || delivery?.status !== 'skipped' || delivery.reason === null)
    throw new DemoFailure(
      `one delivery to Meta should be skipped, with its reason: ${JSON.stringify(deliveries)}`,
    );
  terminal.check(`Meta    not called: the delivery is skipped (${delivery.reason})`);
}

/** Two weeks of silence end, and nothing happens but that. */
export async function playEve({ tale, echo, terminal, nameOf }: Play): Promise<void> {
  const eve = nameOf('eve');
  terminal.heading('Eve was last active 14 days ago, but for a few seconds: time alone decides');
  const dueMs = Date.now() + 4_000;
  const event = { event: 'core_action', userId: eve, timestamp: new Date(dueMs - 14 * DAY_MS).toISOString() };
  await tale.track(event, 'dated 14 days ago, less four seconds');
  await tale.stands(eve, { features: { coreActions: 1 }, in: [] });
  await tale.entersAt(eve, 'churned', dueMs);
  await echo.webhook('churned', 'segment.entered', eve);
}

/** Ten actions on three days. */
export async function playCleo({ tale, echo, terminal, nameOf }: Play): Promise<void> {
  const cleo = nameOf('cleo');
  const email = `${cleo}@example.com`;
  terminal.heading('Cleo works on three days: the tenth action makes a power user');
  // One base for all: midnight may pass while she works.
  const nowMs = Date.now();
  const at = (days: number): string => new Date(nowMs - days * DAY_MS).toISOString();
  const names = ['signup_completed', 'profile_completed', 'core_action', 'core_action', 'message_sent'];
  for (const [index, event] of names.entries()) {
    const traits = { traits: { email } };
    await tale.track({ event, userId: cleo, timestamp: at(2), ...traits }, `#${index + 1}, two days ago`);
  }
  for (const number of [6, 7, 8])
    await tale.track({ event: 'message_sent', userId: cleo, timestamp: at(1) }, `#${number}, yesterday`);
  const ninth = { event: 'core_action', userId: cleo, messageId: `${cleo}-9`, timestamp: at(0) };
  await tale.track(ninth, '#9, now');
  await tale.changesNothing(cleo, 'a repeated ninth is no tenth', () => tale.track(ninth, '#9 again'));
  await tale.stands(cleo, { features: { activeDays: 3, coreActions: 9 }, in: [] });
  await tale.track({ event: 'payment_completed', userId: cleo, timestamp: at(0) }, '#10');
  await tale.enters(cleo, 'power');
  await echo.metaAdds(cleo, email, AUDIENCES.power);
  await tale.stands(cleo, { features: { activeDays: 3, coreActions: 10 }, in: ['power'] });
}
