import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { makeDestinations } from '#automations';
import { connect } from '#database';
import { makeProducer, migrateQueues, openQueueBackend } from '#queues';
import { makeLog } from '#runtime';
import { openDispatcher } from './dispatcher';
import { TIMES } from './limits';
import { makeOutageLog } from './outage';
async function main() {
  const url = process.argv[2] ?? '';
  const redisUrl = process.argv[3] === 'pg' ? undefined : process.argv[3];
  const n = Number(process.argv[4] ?? 2000);
  const endpoints = Number(process.argv[5] ?? 1);
  await migrateQueues(url);
  let hits = 0;
  const servers = await Promise.all(
    Array.from(
      { length: endpoints },
      () =>
        new Promise<number>((res) => {
          const s = createServer((q, r) => {
            q.resume();
            q.on('end', () => {
              hits++;
              r.end('ok');
            });
          });
          s.listen(0, '127.0.0.1', () => res((s.address() as { port: number }).port));
          s.unref();
        }),
    ),
  );
  const { db, close } = connect(url, 8, console.error);
  const x = (s: string) => db.$executeRawUnsafe(s);
  await x('TRUNCATE delivery, delivery_attempt, person, segment, segment_membership, person_trait');
  const autos = servers.map((port) => ({
    id: randomUUID(),
    url: `http://127.0.0.1:${port}/h`,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }));
  const seg = randomUUID();
  await x(
    `INSERT INTO segment (id,name,criteria,automation_config) VALUES ('${seg}','s','{}','${JSON.stringify({ webhook: autos })}')`,
  );
  await x(
    `INSERT INTO person (id, email) SELECT gen_random_uuid(), 'p'||i||'@x.io' FROM generate_series(1,${n}) i`,
  );
  await x(
    `INSERT INTO segment_membership (segment_id, person_id, entered_at, entered_by) SELECT '${seg}', id, now(), 'event' FROM person`,
  );
  await x(
    `INSERT INTO person_trait (person_id,name,value,occurred_at,event_id) SELECT id,'email',to_jsonb(email),now(),id FROM person`,
  );
  for (const [i, a] of autos.entries())
    await x(
      `INSERT INTO delivery (id,segment_id,person_id,membership_id,automation_id,destination,type,action,endpoint,next_attempt_at) SELECT gen_random_uuid(), '${seg}', person_id, id, '${a.id}','webhook','segment.entered','send','${new URL(a.url).origin}', now() FROM (SELECT *, row_number() over () r FROM segment_membership) m WHERE r % ${endpoints} = ${i}`,
    );
  const log = makeLog('d', 'info');
  const outage = makeOutageLog(log);
  const backend = openQueueBackend({
    databaseUrl: url,
    redisUrl,
    poolMax: 10,
    durable: false,
    onError: console.error,
  });
  const producer = makeProducer(backend, console.error);
  const t = performance.now();
  const c0 = process.cpuUsage();
  const opened = openDispatcher({
    db,
    backend,
    producer,
    destinations: makeDestinations({ webhookAllowCidrs: ['127.0.0.0/8'], now: Date.now }),
    times: TIMES,
    log,
    outage,
    now: Date.now,
    random: Math.random,
  });
  for (;;) {
    const [{ c }] = (await db.$queryRawUnsafe<{ c: number }[]>(
      `SELECT count(*)::int c FROM delivery WHERE status='succeeded'`,
    )) as [{ c: number }];
    if (c >= n) break;
    await new Promise((r) => setTimeout(r, 50));
  }
  const s = (performance.now() - t) / 1000;
  const cpu = process.cpuUsage(c0);
  console.log({
    backend: backend.kind,
    endpoints,
    n,
    hits,
    s: s.toFixed(2),
    perS: Math.round(n / s),
    nodeCpuMsEach: ((cpu.user + cpu.system) / 1000 / n).toFixed(2),
  });
  for (const o of [...opened].reverse()) await o.close();
  await producer.close();
  await backend.close();
  await close();
  process.exit(0);
}
void main();
