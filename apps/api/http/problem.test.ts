import { QueueUnavailableError } from '#queues';
import { invalid, Problem, problemOf } from './problem';

/** As the body parser's and the router's errors come. */
const parserError = (status: number, type: string): Error =>
  Object.assign(new Error('secret text'), { status, type });

describe('problemOf', () => {
  it.each([
    ['a queue that is away', new QueueUnavailableError('away'), 503],
    ['a database that is away', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 503],
    ['a conflict', Object.assign(new Error('x'), { code: '40P01' }), 503],
    ['a body that is too large', parserError(413, 'entity.too.large'), 413],
    ['a strange encoding', parserError(415, 'encoding.unsupported'), 415],
    ['a request that was cut', parserError(400, 'request.aborted'), 400],
    ['a bad path', Object.assign(new URIError('x'), { status: 400 }), 400],
    ['a bug', new TypeError('secret text'), 500],
    ['what is no error', 'secret text', 500],
    ['a server error of a library', parserError(500, 'stream.encoding.set'), 500],
  ])('gives %s its status', (_what, error, status) => {
    const problem = problemOf(error);
    expect(problem.status).toBe(status);
    expect(JSON.stringify(problem.details)).not.toContain('secret');
  });

  it('leaves problems as they are', () => {
    const problem = invalid([{ path: 'a', message: 'b' }]);
    expect(problemOf(problem)).toBe(problem);
    expect(problem).toBeInstanceOf(Problem);
  });

  it('gives internal errors an id', () => {
    expect(problemOf(new Error('x')).details.more?.['id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
