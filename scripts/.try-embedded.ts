import { startEmbeddedPostgres } from '../packages/database/embedded-postgres';
import { Client } from 'pg';
async function main() {
  const t=performance.now();
  const p = await startEmbeddedPostgres({folder: process.argv[2]!, note: console.log});
  console.log(p.url, p.port, p.folder, p.reused, Math.round(performance.now()-t),'ms');
  if (process.argv[3]==='hold') { process.on('SIGINT',()=>{console.log('int')}); setInterval(()=>{},1000); return; }
  if (process.argv[3]==='leave') process.exit(0);
  const t2=performance.now();
  await p.stop(); await p.stop(); console.log('stop',Math.round(performance.now()-t2));
}
void main();
