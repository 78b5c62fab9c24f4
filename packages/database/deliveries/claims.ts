import { oneRowOf, type Sql } from '../connection/sql';
import { FIRST_UUID } from '../connection/uuids';
import { plainArray, textArray } from '../connection/literals';
import { claimStatement } from './claim-statement';

/** What is due is kept apart by who may hang (the endpoint) and by who may flood (the segment). */
export type DeliveryLane = { readonly endpoint: string; readonly segmentId: string };

/** An endpoint that may have another number of claims than the rest. */
export type EndpointMax = { readonly endpoint: string; readonly max: number };

/** What a relay asks for. */
export type ClaimRequest = {
  /** A kind of destination. */
  readonly destination: string;
  /** Claims at most. */
  readonly room: number;
  /** Claims of one endpoint at most, those of all processes that are still running included. */
  readonly endpointMax: number;
  readonly exceptions: readonly EndpointMax[];
  /** The most that an exception may have. */
  readonly exceptionMax: number;
  /**
   * Deliveries of an endpoint are gathered for this long, or until `endpointMax` of them are due, and are claimed when
   * none of the endpoint's is claimed. 0: at once, one by one.
   */
  readonly windowMs: number;
  /** A uuid; the jobs of these claims carry it. */
  readonly claimToken: string;
  /** How long the claims hold if nobody renews them. */
  readonly leaseMs: number;
  /** Begins behind this lane; null: at the first. */
  readonly after: DeliveryLane | null;
};

/** Claimed deliveries that may go in one call. */
export type ClaimedGroup = {
  readonly endpoint: string;
  readonly action: string;
  readonly ids: readonly string[];
  /** One that is let through a gate to try whether it works again. */
  readonly isTry: boolean;
};

/** `lastLane` is where the next call goes on; null when no lane was left. */
export type ClaimedDeliveries = {
  readonly groups: readonly ClaimedGroup[];
  readonly lastLane: DeliveryLane | null;
  /** Whether something may be due that a limit or a gate keeps back: it can be claimed when an attempt has ended. */
  readonly keptBack: boolean;
};

const FIRST_LANE: DeliveryLane = { endpoint: '', segmentId: FIRST_UUID };

/** The most that one call claims, even if it has more room. Gathered lanes claim one call's worth. */
const CLAIMS_MAX = 500;

type ClaimRow = {
  readonly groups: readonly ClaimedGroup[] | null;
  readonly keptBack: boolean;
  readonly lastLane: DeliveryLane | null;
};

/**
 * Claims deliveries that are due and that nobody works on, fairly between endpoints and segments, in one statement. What
 * it costs depends on lanes and claims, not on how many rows are due. Two processes never claim the same row.
 */
export async function claimDueDeliveries(sql: Sql, request: ClaimRequest): Promise<ClaimedDeliveries> {
  const { destination, exceptions } = request;
  const { endpoint, segmentId } = request.after ?? FIRST_LANE;
  const { groups, ...rest } = await oneRowOf<ClaimRow>(
    sql,
    claimStatement(request),
    destination,
    endpoint,
    segmentId,
    textArray(exceptions.map((one) => one.endpoint)),
    plainArray(exceptions.map(({ max }) => max)),
    request.windowMs > 0 ? request.endpointMax : Math.min(request.room, CLAIMS_MAX),
    request.claimToken,
    request.leaseMs,
  );
  return { groups: groups ?? [], ...rest };
}
