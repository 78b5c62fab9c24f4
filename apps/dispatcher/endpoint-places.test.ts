import { makeEndpointPlaces } from './endpoint-places';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('so many at a time for each endpoint, the others in their order, whatever becomes of an attempt', async () => {
  const places = makeEndpointPlaces(2);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const attempt = (endpoint: string, name: string): Promise<void> =>
    places.in(endpoint, () => {
      begun.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
      });
    });
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => attempt('a', name));
  const other = attempt('b', 'b1');
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b1']);

  const failed = Promise.allSettled([all[0]]);
  ends.get('a1')?.(new Error('failed'));
  expect(await failed).toMatchObject([{ status: 'rejected', reason: { message: 'failed' } }]);
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);
  for (const name of ['a2', 'a3', 'b1']) ends.get(name)?.();
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
  ends.get('a4')?.();
  await Promise.all([...all.slice(1), other]);
});
