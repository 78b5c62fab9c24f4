import { startEmbeddedPostgres } from '../embedded-postgres';

// A process that owns an embedded PostgreSQL until it is killed, for the tests. Arguments: the folder, and an
// account to become first.
async function main(): Promise<void> {
  const [folder = '', uid] = process.argv.slice(2);
  if (uid !== undefined) {
    process.setgid?.(Number(uid));
    process.setuid?.(Number(uid));
  }
  const postgres = await startEmbeddedPostgres({ folder, note: (line) => process.send?.({ note: line }) });
  const { url, port, reused } = postgres;
  process.send?.({ url, port, reused, folder: postgres.folder });
  process.on('message', () => void postgres.stop().then(() => process.exit(0)));
}

main().catch((error: unknown) => {
  process.send?.({ error: String(error) }, () => process.exit(1));
});
