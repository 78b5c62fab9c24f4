import { connect, inTransaction, raiseRevision } from '#database';
import { openQueueBackend, makeProducer } from '#queues';
import { startStages } from './apps/worker/pipeline';
import { makeLog } from '#runtime';
import { v7 } from 'uuid';
import { makeSegments, makeEvents } from './bench/load';
const url='postgresql://postgres@127.0.0.1:5499/se';
(async()=>{
  const onError=(e:Error)=>console.error('ERR',e.message);
  const {db,close}=connect(url,12,onError);
  const log=makeLog('t','info');
  const redisUrl = process.argv[2]==='redis'?'redis://127.0.0.1:6499':undefined;
  await db.$executeRawUnsafe('truncate person,identity,event,person_day,person_trait,subscription,segment,segment_membership,segment_tally,delivery,evaluation,dead_event');
  const backend=openQueueBackend({databaseUrl:url,redisUrl,poolMax:10,durable:false,onError});
  const producer=makeProducer(backend,onError);
  for (const n of ['events','evaluations','backfill','relay'] as const) await producer.queueOf(n).obliterate({force:true});
  for (const c of makeSegments()){ const id=v7(); await inTransaction(db,async tx=>{await raiseRevision(tx); await (tx as any).segment.create({data:{id,name:c.name,criteria:c.criteria as any, automationConfig: c.webhook?{webhook:{id:v7(),url:'http://127.0.0.1:1/x',secret:'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'}}:undefined}}); });}
  const N=Number(process.argv[3]??60000), B=500;
  const stages=startStages({db,backend,producer,log},['features','evaluation']);
  const now=Date.now();
  const evs=makeEvents(N,1,now).map(e=>({messageId:e.messageId,name:e.event,userId:e.userId,occurredAt:e.timestamp,receivedAt:now,properties:e.properties,traits:e.traits}));
  const t0=Date.now(), c0=process.cpuUsage();
  for(let i=0;i<N;i+=B*4) await Promise.all([0,1,2,3].map(k=>evs.slice(i+k*B,i+(k+1)*B)).filter(x=>x.length).map(events=>producer.add('events',{events} as any)));
  const t1=Date.now();
  for(;;){const c=await producer.counts(); if(c.every(x=>x.waiting+x.active===0||x.name==='relay'))break; await new Promise(r=>setTimeout(r,20));}
  const t=Date.now()-t0; const c=process.cpuUsage(c0);
  console.log(backend.kind,N,'events',t,'ms',Math.round(N/t*1000),'ev/s; add',t1-t0,'cpu node ms/ev',((c.user+c.system)/1000/N).toFixed(4));
  console.log(await db.$queryRawUnsafe('select (select count(*)::int from segment_membership) stays, (select count(*)::int from delivery) del, (select count(*)::int from event) ev, (select count(*)::int from person where deadline_at is not null) dl'));
  for (const s of stages.reverse()) await s.close();
  await producer.close(); await backend.close();
  await close();
})();
