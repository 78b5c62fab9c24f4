import type { Prisma } from '../generated/client';

/**
 * Prisma's client, or a transaction of it: one row and plain lists are read by its models. Rows are inserted by SQL, for
 * Prisma fills `@default(now())` from the process's clock, and instants are the database's.
 */
export type Models = Prisma.TransactionClient;
