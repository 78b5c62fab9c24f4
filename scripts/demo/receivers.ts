import { z } from 'zod';
import { type Answer, type Call, type HttpReceiver, startReceiver } from './http-receiver';
import { until } from './until';

export type ReceiverName = 'Resend' | 'Meta' | 'webhook';

/** The places that automations call, on this machine. */
export type Receivers = {
  readonly urls: Readonly<Record<ReceiverName, string>>;
  /** The next call there that nobody asked for yet. */
  next(name: ReceiverName, what: string): Promise<Call>;
  /** Calls that nobody asked for. */
  unexpected(): string[];
  /** The addresses in an audience of Resend's. */
  resendAudience(audienceId: string): string[];
  /** The external ids and hashed addresses in a custom audience of Meta's. */
  metaAudience(audienceId: string): string[];
  close(): Promise<void>;
};

export const RESEND_KEY = 're_demo';
export const META_TOKEN = 'meta_demo';

const contactBody = z.object({ email: z.string(), segments: z.array(z.object({ id: z.string() })) });
const rowsBody = z.object({ payload: z.object({ data: z.array(z.array(z.string())) }) });

const UNAUTHORIZED: Answer = { status: 401, body: { message: 'unknown key' } };
const NO_CONTACT: Answer = {
  status: 404,
  body: { statusCode: 404, name: 'not_found', message: 'Contact not found' },
};

function isAuthorized({ headers }: Pick<Call, 'headers'>, key: string): boolean {
  return headers.authorization === `Bearer ${key}`;
}

/** Contacts, and the audiences that they are in, as far as automations touch them. */
function answerAsResend(contacts: Map<string, Set<string>>) {
  return (call: Omit<Call, 'status'>): Answer => {
    if (!isAuthorized(call, RESEND_KEY)) return UNAUTHORIZED;
    const [, , email, , audience] = call.path.split('/').map(decodeURIComponent);
    if (email === undefined) {
      const contact = contactBody.parse(JSON.parse(call.body));
      contacts.set(contact.email, new Set(contact.segments.map(({ id }) => id)));
      return { status: 201, body: { object: 'contact', id: contact.email } };
    }
    const audiences = contacts.get(email);
    if (audiences === undefined || audience === undefined) return NO_CONTACT;
    if (call.method === 'DELETE') audiences.delete(audience);
    else audiences.add(audience);
    return { status: 200, body: { object: 'contact_segment', id: audience } };
  };
}

/** Custom audiences: rows by external id. */
function answerAsMeta(audiences: Map<string, Map<string, string>>) {
  return (call: Omit<Call, 'status'>): Answer => {
    if (!isAuthorized(call, META_TOKEN)) return UNAUTHORIZED;
    const audienceId = call.path.split('/')[2] ?? '';
    const { data } = rowsBody.parse(JSON.parse(call.body)).payload;
    const rows = audiences.get(audienceId) ?? new Map<string, string>();
    for (const [externalId = '', email = ''] of data) {
      if (call.method === 'DELETE') rows.delete(externalId);
      else rows.set(externalId, email);
    }
    audiences.set(audienceId, rows);
    return { status: 200, body: { num_received: data.length, num_invalid_entries: 0 } };
  };
}

/** Starts stand-ins for Resend and Meta, and a receiver of webhooks. */
export async function startReceivers(): Promise<Receivers> {
  const contacts = new Map<string, Set<string>>();
  const audiences = new Map<string, Map<string, string>>();
  const receivers: Readonly<Record<ReceiverName, HttpReceiver>> = {
    Resend: await startReceiver(answerAsResend(contacts)),
    Meta: await startReceiver(answerAsMeta(audiences)),
    webhook: await startReceiver(() => ({ status: 200, body: { ok: true } })),
  };
  const asked = { Resend: 0, Meta: 0, webhook: 0 };
  const names = ['Resend', 'Meta', 'webhook'] as const;
  return {
    urls: { Resend: receivers.Resend.url, Meta: receivers.Meta.url, webhook: receivers.webhook.url },
    next: async (name, what) => {
      const call = await until(
        `${name} should be called (${what})`,
        () => receivers[name].calls[asked[name]],
      );
      asked[name] += 1;
      return call;
    },
    unexpected: () =>
      names.flatMap((name) =>
        receivers[name].calls.slice(asked[name]).map(({ method, path }) => `${name} ${method} ${path}`),
      ),
    resendAudience: (id) => [...contacts].flatMap(([email, joined]) => (joined.has(id) ? [email] : [])),
    metaAudience: (id) => [...(audiences.get(id)?.entries() ?? [])].flat(),
    close: async () => {
      for (const receiver of Object.values(receivers)) await receiver.close();
    },
  };
}
