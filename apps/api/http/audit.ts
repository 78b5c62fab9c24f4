import type { Request, RequestHandler } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { insertAuditEntry, isUuid, type Sql } from '#database';
import type { Log } from '#runtime';
import { keyNameOf } from './auth';

/** Tells the audit what a request changes. What it does not tell is told for it, after it. */
export type Audit = {
  /** Within the transaction of the change, so that there is neither without the other. @param target the id of what is changed */
  readonly tell: (tx: Sql, target: string | null) => Promise<void>;
  /** The request turned out to change nothing. */
  readonly nothing: () => void;
};

type Keeping = Audit & {
  /** @param target for what was not told, the id that the path names */
  readonly settle: (target: string | null) => Promise<void>;
};

const kept = new WeakMap<Request, Keeping>();

/** Method and path as the route has them: no value of a client's. */
function actionOf(request: Request): string {
  const route: unknown = request.route?.path;
  return `${request.method} ${request.baseUrl}${typeof route === 'string' ? route : ''}`;
}

function keepingFor(request: Request, db: Sql, log: Log): Keeping {
  let isSettled = false;
  const write = async (sql: Sql, target: string | null): Promise<void> =>
    insertAuditEntry(sql, { id: uuidv7(), keyName: keyNameOf(request), action: actionOf(request), target });
  return {
    tell: async (tx, target) => {
      await write(tx, target);
      isSettled = true;
    },
    nothing: () => {
      isSettled = true;
    },
    settle: async (target) => {
      if (isSettled) return;
      // The change is made: that it could not be told must not make it look failed.
      await write(db, target).catch((error: unknown) => {
        log.error({ err: error, action: actionOf(request), target }, 'a change is missing in the audit');
      });
    },
  };
}

/** Opens an audit for every request that may change something. */
export function openAudit(db: Sql, log: Log): RequestHandler {
  return (request, _response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      kept.set(request, keepingFor(request, db, log));
    next();
  };
}

const NONE: Keeping = {
  tell: async () => undefined,
  nothing: () => undefined,
  settle: async () => undefined,
};

/** The audit of a request; of one that only reads, one that keeps nothing. */
export function auditOf(request: Request): Keeping {
  return kept.get(request) ?? NONE;
}

/** What a path names: ids only, for what a client calls a person may be an e-mail address. */
export function targetOf(params: Readonly<Record<string, unknown>>): string | null {
  const ids = Object.values(params).filter((value) => typeof value === 'string' && isUuid(value));
  return ids.length === 0 ? null : ids.join('/').toLowerCase();
}
