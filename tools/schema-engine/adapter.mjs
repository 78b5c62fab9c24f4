import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** Object ids of PostgreSQL's types: the internal one-byte "char" of the catalogs, and bpchar. */
const CHAR_OID = 18;
const BPCHAR_OID = 1042;
/** Ends the name of a column whose type was changed below; no real column name can hold U+0000. */
const CHAR_MARK = '\0char';

/**
 * The catalogs' "char" columns can't be mapped by adapter-pg 7.10 ("Column type 'char' could not be deserialized"):
 * they are presented to it as bpchar, with a mark, and {@link retypeCharColumns} gives them the type that the engine
 * expects (it panics on text there).
 */
function presentCharAsBpchar() {
  const { addFields } = pg.Result.prototype;
  pg.Result.prototype.addFields = function addMarkedFields(fields) {
    for (const field of fields) {
      if (field.dataTypeID !== CHAR_OID) continue;
      field.dataTypeID = BPCHAR_OID;
      field.name += CHAR_MARK;
    }
    return addFields.call(this, fields);
  };
}

function retypeCharColumns(queryable) {
  const queryRaw = queryable.queryRaw.bind(queryable);
  queryable.queryRaw = async (query) => {
    const result = await queryRaw(query);
    result.columnNames.forEach((name, index) => {
      if (!name.endsWith(CHAR_MARK)) return;
      result.columnNames[index] = name.slice(0, -CHAR_MARK.length);
      result.columnTypes[index] = ColumnTypeEnum.Character;
    });
    return result;
  };
  const startTransaction = queryable.startTransaction?.bind(queryable);
  if (startTransaction !== undefined) {
    queryable.startTransaction = async (...args) => retypeCharColumns(await startTransaction(...args));
  }
  return queryable;
}

/**
 * adapter-pg cuts a script at every semicolon, those in comments, strings and functions too. PostgreSQL takes the
 * whole script in one message.
 */
function sendScriptsWhole(queryable) {
  queryable.executeScript = async (script) => {
    try {
      await queryable.client.query(script);
    } catch (error) {
      queryable.onError(error);
    }
  };
  return queryable;
}

/**
 * Single fields instead of a connection string: for its shadow database adapter-pg spreads these and overrides
 * `database`, and a connection string would win over that, so that the shadow's DDL ran in the main database.
 */
function connectionFields(url) {
  return {
    host: decodeURIComponent(url.hostname),
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    connectionTimeoutMillis: 5000,
  };
}

class EngineAdapterFactory extends PrismaPg {
  #fields;
  #options;

  constructor(fields, options) {
    super(fields, options);
    this.#fields = fields;
    this.#options = options;
  }

  async connect() {
    return sendScriptsWhole(retypeCharColumns(await super.connect()));
  }

  /** adapter-pg drops the shadow database while its own pool still holds it: here the pool ends first. */
  async connectToShadowDb() {
    const main = await this.connect();
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    await main.executeScript(`CREATE DATABASE "${name}"`);
    const shadow = await new EngineAdapterFactory(
      { ...this.#fields, database: name },
      this.#options,
    ).connect();
    const endPool = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await endPool();
      await main.executeScript(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await main.dispose();
    };
    return shadow;
  }
}

/** The adapter through which the engine reaches the database of `url` (a `URL`). */
export function makeAdapter(url) {
  presentCharAsBpchar();
  const options = { schema: url.searchParams.get('schema') ?? undefined };
  return bindMigrationAwareSqlAdapterFactory(new EngineAdapterFactory(connectionFields(url), options));
}
