import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { HEAD_BYTES_MAX } from './limits';
import { Problem, PROBLEM_TYPE, problemBody } from './problem';

// Answers to what never becomes a request: Express does not see it.

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** The problem that is told of bytes that are no request, or none that is taken. */
export function problemOfParser(error: Error): Problem {
  switch (codeOf(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(431, { detail: `The headers are larger than ${HEAD_BYTES_MAX} bytes.` });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem(413, { detail: 'The chunk extensions are too large.' });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(408, { detail: 'The request took too long to arrive.' });
    case 'HPE_INVALID_METHOD':
      return new Problem(400, { detail: 'The method is none that is known.' });
    default:
      return new Problem(400, { detail: 'The request is not valid HTTP.' });
  }
}

/** The bytes of an answer that ends its connection. */
export function rawAnswer(problem: Problem): string {
  const body = JSON.stringify(problemBody(problem));
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Problem'}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** Whether an answer to an earlier request is on its way: ours would stand in the middle of it. */
function isAnswering(socket: Duplex): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return typeof message === 'object' && message !== null && Reflect.get(message, '_headerSent') === true;
}

/** Answers on a connection that has no request, and ends it. */
export function endWithProblem(socket: Duplex, problem: Problem): void {
  // A connection that the other side has cut takes nothing.
  if (!socket.writable || isAnswering(socket)) return void socket.destroy();
  socket.on('error', () => undefined);
  socket.end(rawAnswer(problem), () => socket.destroy());
}
