import type { z } from 'zod';
import type { nativeBodySchemas } from '#events';
import type * as api from '#api-schemas';
import { makeFetch, makeRequest, type RequestSettings } from './request';

/** A segment as it is created: who belongs to it, and what entering and leaving it sets off. */
export type CreateSegment = z.input<typeof api.segmentSchemas.create>;
/** The parts of a segment that change; null clears. */
export type UpdateSegment = z.input<typeof api.segmentSchemas.update>;
/** An event as it is tracked. */
export type TrackEvent = z.input<typeof nativeBodySchemas.event>;
/** A subscription's state; `mrr` in minor units a month. */
export type SubscriptionState = z.input<typeof api.subscriptionSchema>;
/** Which events the features count: what is named is replaced. */
export type FeatureSettings = z.input<typeof api.featureSettingsSchema>['features'];
type Batch = Pick<z.input<typeof api.evaluateSchema>, 'segmentId' | 'automations'>;
type Preview = z.input<typeof api.previewSchema>;
type ArchiveOptions = z.input<typeof api.archiveQuerySchema>;
type Page = { readonly limit?: number; readonly cursor?: string };
type SegmentFilter = Page & { readonly status?: z.input<typeof api.segmentsQuerySchema>['status'] };
type DeliveryFilter = Page & Omit<z.input<typeof api.deliveriesQuerySchema>, 'limit' | 'cursor'>;
type Schemas = typeof api;
type AnswerName = Extract<keyof Schemas, `${string}AnswerSchema`>;
type Answer<Name extends AnswerName> = z.infer<Schemas[Name]>;

export type ClientSettings = {
  /** E.g. `http://localhost:3000`. */
  readonly baseUrl: string;
  /** For everything but tracking. */
  readonly adminKey?: string | undefined;
  /** For tracking. */
  readonly writeKey?: string | undefined;
  readonly fetch?: RequestSettings['fetch'];
};

const part = encodeURIComponent;

/**
 * The typed client of the API. Each function resolves to the body of the answer.
 * @throws ProblemError, from each function, when the API refuses or fails
 */
export function makeClient({ baseUrl, adminKey, writeKey, fetch: fetchWith = fetch }: ClientSettings) {
  const root = `${baseUrl.replace(/\/+$/, '')}/api/growth`;
  const admin = makeRequest({ api: root, key: adminKey, fetch: fetchWith });
  const adminFetch = makeFetch({ api: root, key: adminKey, fetch: fetchWith });
  const write = makeRequest({ api: root, key: writeKey, fetch: fetchWith });
  const segment = (id: string): string => `/segments/${part(id)}`;
  const person = (id: string): string => `/people/${part(id)}`;
  return {
    /** Resolves once the event is stored durably. */
    track: (event: TrackEvent) => write<Answer<'acceptedAnswerSchema'>>('POST', '/events', { body: event }),
    /** Up to 1,000 events, all or none. */
    trackBatch: (events: readonly TrackEvent[]) =>
      write<Answer<'acceptedAnswerSchema'>>('POST', '/events', { body: { events } }),
    putSubscription: (personId: string, subscriptionId: string, state: SubscriptionState) =>
      (writeKey === undefined ? admin : write)<Answer<'acceptedAnswerSchema'>>(
        'PUT',
        `${person(personId)}/subscriptions/${part(subscriptionId)}`,
        { body: state },
      ),

    /** Everything that is known about a person, as JSON: the body streams. */
    exportPerson: (personId: string): Promise<Response> => adminFetch('GET', `${person(personId)}/export`),
    /** Erases a person: they are gone at once, all that is stored about them soon. */
    erasePerson: (personId: string) => admin<Answer<'erasureAnswerSchema'>>('DELETE', person(personId)),
    getErasure: (id: string) => admin<Answer<'erasureAnswerSchema'>>('GET', `/erasures/${part(id)}`),

    /** What the database, or the code, refused for its data. */
    listDeadEvents: (query: Page = {}) =>
      admin<Answer<'deadEventsAnswerSchema'>>('GET', '/dead-events', { query }),
    /** Hands it to the queue again. */
    retryDeadEvent: (id: string) =>
      admin<Answer<'retriedAnswerSchema'>>('POST', `/dead-events/${part(id)}/retry`),

    createSegment: (body: CreateSegment) =>
      admin<Answer<'segmentEditAnswerSchema'>>('POST', '/segments', { body }),
    updateSegment: (id: string, body: UpdateSegment) =>
      admin<Answer<'segmentEditAnswerSchema'>>('PATCH', segment(id), { body }),
    /** Archives it: members leave, without automations. `audiences: 'empty'` takes people out of its synced ones. */
    deleteSegment: (id: string, query: ArchiveOptions = {}) => admin<void>('DELETE', segment(id), { query }),
    getSegment: (id: string) => admin<Answer<'segmentAnswerSchema'>>('GET', segment(id)),
    listSegments: (query: SegmentFilter = {}) =>
      admin<Answer<'segmentsAnswerSchema'>>('GET', '/segments', { query }),
    getSegmentStats: (id: string) => admin<Answer<'statsAnswerSchema'>>('GET', `${segment(id)}/stats`),
    listMembers: (id: string, query: Page = {}) =>
      admin<Answer<'membersAnswerSchema'>>('GET', `${segment(id)}/members`, { query }),
    /** Gives a webhook a new secret, the answer's or a given one; for a day the old one signs too. */
    rotateSecret: (id: string, automationId: string, secret?: string) =>
      admin<Answer<'rotatedAnswerSchema'>>(
        'POST',
        `${segment(id)}/automations/${part(automationId)}/rotate-secret`,
        { body: { secret } },
      ),
    /** Tries one automation, or all of the segment: webhooks and Slack get a marked sample, an audience is looked up. */
    testAutomations: (id: string, automationId?: string) =>
      admin<Answer<'automationTestAnswerSchema'>>('POST', `${segment(id)}/automations/test`, {
        body: { automationId },
      }),
    /** The response, whose body streams the file; it breaks off when the file could not be completed. */
    exportMembers: (id: string, format: api.ExportFormat = 'csv') =>
      adminFetch('GET', `${segment(id)}/members/export`, { query: { format } }),
    /** How many people a criteria matches, and some of them. */
    preview: (body: Preview) => admin<Answer<'previewAnswerSchema'>>('POST', '/segments/preview', { body }),
    /** Who would enter and leave a segment by another criteria. */
    dryRun: (id: string, body: Preview) =>
      admin<Answer<'dryRunAnswerSchema'>>('POST', `${segment(id)}/dry-run`, { body }),
    /** The people that 2 to 20 segments have in common, for each two of them. */
    getOverlap: (ids: readonly string[]) =>
      admin<Answer<'overlapAnswerSchema'>>('GET', '/segments/overlap', { query: { ids: ids.join(',') } }),

    /** Decides about one person against all segments, now. */
    evaluate: (personId: string) =>
      admin<Answer<'personEvaluationsAnswerSchema'>>('POST', '/segments/evaluate', { body: { personId } }),
    /** Starts an evaluation of everybody. */
    evaluateAll: (options: Batch = {}) =>
      admin<Answer<'batchAnswerSchema'>>('POST', '/segments/evaluate', {
        body: { batchAll: true, ...options },
      }),
    getEvaluation: (id: string) => admin<Answer<'evaluationAnswerSchema'>>('GET', `/evaluations/${part(id)}`),

    getPerson: (id: string) => admin<Answer<'personAnswerSchema'>>('GET', person(id)),
    listPersonEvents: (id: string, query: Page = {}) =>
      admin<Answer<'personEventsAnswerSchema'>>('GET', `${person(id)}/events`, { query }),
    /** Why somebody is in a segment, or is not. */
    explain: (personId: string, segmentId: string) =>
      admin<Answer<'explanationAnswerSchema'>>('GET', `${person(personId)}${segment(segmentId)}/explain`),

    listDeliveries: (query: DeliveryFilter = {}) =>
      admin<Answer<'deliveriesAnswerSchema'>>('GET', '/deliveries', { query }),
    getDelivery: (id: string) => admin<Answer<'deliveryAnswerSchema'>>('GET', `/deliveries/${part(id)}`),
    retryDelivery: (id: string) =>
      admin<Answer<'deliveryAnswerSchema'>>('POST', `/deliveries/${part(id)}/retry`),
    retryDeliveries: (body: z.input<typeof api.retryDeliveriesSchema>) =>
      admin<Answer<'retriedAnswerSchema'>>('POST', '/deliveries/retry', { body }),
    /** Sends everything of a segment since an instant again: same ids, same bodies. */
    replayDeliveries: (body: z.input<typeof api.replayDeliveriesSchema>) =>
      admin<Answer<'replayedAnswerSchema'>>('POST', '/deliveries/replay', { body }),

    /** The audiences that segments sync: who should be in them, and how far they are. */
    listAudiences: () => admin<Answer<'audiencesAnswerSchema'>>('GET', '/audiences'),
    /** Compares an audience anew; `full` sends everything again. */
    reconcileAudience: (body: z.input<typeof api.reconcileAudienceSchema>) =>
      admin<Answer<'audienceAnswerSchema'>>('POST', '/audiences/reconcile', { body }),

    getFeatureSettings: () => admin<Answer<'featureSettingsAnswerSchema'>>('GET', '/settings/features'),
    /** Counts the features of everybody again in the background; no automation is set off by it. */
    putFeatureSettings: (features: FeatureSettings) =>
      admin<Answer<'featureSettingsEditAnswerSchema'>>('PUT', '/settings/features', {
        body: { features },
      }),
    /** Which destinations are configured, and what keeps deliveries back. */
    getDestinations: () => admin<Answer<'destinationsAnswerSchema'>>('GET', '/destinations'),
    /** Takes gates away: what waited behind them is sent at once. */
    resumeDestination: (body: z.input<typeof api.resumeSchema>) =>
      admin<Answer<'resumedAnswerSchema'>>('POST', '/destinations/resume', { body }),

    /** Every change that was made through the API, newest first. */
    listAudit: (query: Page = {}) => admin<Answer<'auditAnswerSchema'>>('GET', '/audit', { query }),
    getQueues: () => admin<Answer<'queuesAnswerSchema'>>('GET', '/queues'),
  };
}

/** See {@link makeClient}. */
export type SegmentEngineClient = ReturnType<typeof makeClient>;
