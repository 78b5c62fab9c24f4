import type { CreateSegment } from '#client';
import { type FakeResend, startFakeResend, type TestServices } from '#testkit';
import { type Engine, startEngine } from './engine';
import type { TestDispatcher } from './harness';

/** An engine with Resend; each test of a file has an audience, a plan and people of its own. */
export type AudienceWorld = {
  readonly resend: FakeResend;
  readonly engine: Engine;
  readonly audienceId: string;
  /** The plan of whom {@link AudienceWorld.create}'s segments hold. */
  readonly plan: string;
  readonly user: (name: string) => string;
  readonly address: (name: string) => string;
  readonly addresses: (...names: string[]) => string[];
  /** The part of a config that syncs the audience. */
  readonly synced: (audienceId?: string) => { resend: { audienceId: string; sync: true } };
  /** @returns the id of a segment of the plan, unless another criteria is given */
  readonly create: (
    automationConfig: CreateSegment['automationConfig'],
    criteria?: CreateSegment['criteria'],
  ) => Promise<string>;
  /** People of the plan, with addresses of their names. */
  readonly join: (...names: string[]) => Promise<void>;
  readonly leave: (...names: string[]) => Promise<void>;
  readonly members: (audienceId?: string) => string[];
  readonly viewOf: (
    audienceId?: string,
  ) => Promise<Awaited<ReturnType<Engine['client']['listAudiences']>>['audiences'][number] | undefined>;
  readonly stopDispatcher: () => Promise<void>;
  readonly startDispatcher: () => void;
};

/** To be called at the top of a `describe` block. @returns the world of the test that runs */
export function useAudiences(services: TestServices): () => AudienceWorld {
  let resend: FakeResend;
  let engine: Engine;
  let dispatcher: TestDispatcher;
  let number = 0;

  const startDispatcher = (): void => {
    dispatcher = engine.startDispatcher({ retryDelaysMs: [0, 50, 50] });
  };
  beforeAll(async () => {
    resend = await startFakeResend();
    engine = await startEngine(services, { resend });
    startDispatcher();
  });
  beforeEach(() => {
    number += 1;
  });
  afterAll(async () => {
    await dispatcher.stop();
    await resend.close();
  });

  return () => {
    const audienceId = `aud_${number}`;
    const plan = `pro-${number}`;
    const user = (name: string): string => `${name}-${number}`;
    const address = (name: string): string => `${name}-${number}@x.example`;
    return {
      resend,
      engine,
      audienceId,
      plan,
      user,
      address,
      addresses: (...names) => names.map(address).toSorted(),
      synced: (id = audienceId) => ({ resend: { audienceId: id, sync: true } }),
      create: async (automationConfig, criteria = { traits: { plan: { eq: plan } } }) => {
        const { segment } = await engine.client.createSegment({ name: 'pros', criteria, automationConfig });
        return segment.id;
      },
      join: (...names) =>
        engine.tell(names.map((name) => ({ userId: user(name), plan, email: address(name) }))),
      leave: (...names) => engine.tell(names.map((name) => ({ userId: user(name), plan: 'free' }))),
      members: (id = audienceId) => resend.membersOf(id),
      viewOf: async (id = audienceId) =>
        (await engine.client.listAudiences()).audiences.find((one) => one.audienceId === id),
      stopDispatcher: () => dispatcher.stop(),
      startDispatcher,
    };
  };
}
