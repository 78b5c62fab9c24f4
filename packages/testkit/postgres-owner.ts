import { startEmbeddedPostgres } from '#embedded-postgres';

// A process that owns an embedded PostgreSQL until it is killed or told to stop. Arguments: the folder, and the uid
// of an account to become first.
async function main(): Promise<void> {
  const [folder = '', uid] = process.argv.slice(2);
  if (uid !== undefined) {
    process.setgid?.(Number(uid));
    process.setuid?.(Number(uid));
  }
  const { url, port, reused, ...postgres } = await startEmbeddedPostgres({
    folder,
    settings: { fsync: 'off' },
  });
  process.on('message', () => void postgres.stop().then(() => process.exit(0)));
  process.send?.({ url, port, reused, folder: postgres.folder });
}

main().catch((error: unknown) => {
  process.send?.({ error: String(error) }, () => process.exit(1));
});
