import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';

/** Counts what clients ask of PostgreSQL, between them and the server. */
export type StatementCounter = {
  readonly url: string;
  /** Statements that were executed so far, over all connections. */
  readonly count: () => number;
  readonly close: () => void;
};

const EXECUTE = 'E'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);

/** Reads a client's side of the protocol (PostgreSQL documentation, "Message Formats"): a type, then a length. */
function makeReader(onStatement: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let isStarted = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      // The first message has no type.
      const head = isStarted ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = head + rest.readUInt32BE(head);
      if (rest.length < length) return;
      if (isStarted && (rest[0] === EXECUTE || rest[0] === QUERY)) onStatement();
      isStarted = true;
      rest = rest.subarray(length);
    }
  };
}

/** Opens a proxy before a server; connections are plain, as on loopback. */
export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  let count = 0;
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = dial(Number(target.port), target.hostname);
    const read = makeReader(() => (count += 1));
    client.on('data', (chunk: Buffer) => {
      read(chunk);
      upstream.write(chunk);
    });
    upstream.pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  return {
    url: url.href,
    count: () => count,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
