import { z } from 'zod';
import { faultsOf } from './faults';

function faultsIn(schema: z.ZodType, document: unknown, prefix = ''): { path: string; message: string }[] {
  const parsed = schema.safeParse(document);
  return parsed.success ? [] : faultsOf(parsed.error, prefix);
}

test('paths begin with the prefix and read as people write them', () => {
  const schema = z.object({ events: z.array(z.object({ 'a b': z.record(z.string(), z.number()) })) });
  expect(faultsIn(schema, { events: [{ 'a b': { x: 'no' } }] }, 'body')).toEqual([
    { path: 'body.events[0]["a b"].x', message: 'Invalid input: expected number, received string' },
  ]);
  expect(faultsIn(z.string(), 1, 'body')).toEqual([
    { path: 'body', message: 'Invalid input: expected string, received number' },
  ]);
});

test('what is missing is required', () => {
  expect(faultsIn(z.object({ a: z.string() }), {})).toEqual([{ path: 'a', message: 'is required' }]);
});

test('each unknown key is its own fault', () => {
  expect(faultsIn(z.object({ a: z.strictObject({}) }), { a: { b: 1, c: 2 } })).toEqual([
    { path: 'a.b', message: 'unknown key' },
    { path: 'a.c', message: 'unknown key' },
  ]);
});

test('equal faults at one place are told once', () => {
  const schema = z.string().min(2, 'too short').min(3, 'too short').max(0, 'too long');
  expect(faultsIn(schema, 'a')).toEqual([
    { path: '', message: 'too short' },
    { path: '', message: 'too long' },
  ]);
});

describe('of a union', () => {
  const webhook = z.strictObject({ url: z.string() });
  const oneOrMany = z.object({ webhook: z.union([webhook, z.array(webhook)]) });

  test('the branch that takes the type is told, at the inner path', () => {
    expect(faultsIn(oneOrMany, { webhook: [{ url: 'a' }, { url: 1, u: 2 }] })).toEqual([
      { path: 'webhook[1].url', message: 'Invalid input: expected string, received number' },
      { path: 'webhook[1].u', message: 'unknown key' },
    ]);
    expect(faultsIn(oneOrMany, { webhook: { url: 'a', u: 2 } })).toEqual([
      { path: 'webhook.u', message: 'unknown key' },
    ]);
  });

  test('the union is told where no branch takes the type', () => {
    expect(faultsIn(oneOrMany, { webhook: 5 })).toEqual([
      { path: 'webhook', message: 'must be one of: object, array' },
    ]);
    expect(faultsIn(z.union([z.string(), z.number()], { error: 'must be an id' }), null)).toEqual([
      { path: '', message: 'must be an id' },
    ]);
  });

  test('of branches that take the type, the one with the fewest faults', () => {
    const shapes = z.union([z.object({ a: z.string(), b: z.string() }), z.object({ c: z.string() })]);
    expect(faultsIn(shapes, {})).toEqual([{ path: 'c', message: 'is required' }]);
  });

  test('a discriminated union tells of its discriminator', () => {
    const schema = z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a') }),
      z.strictObject({ type: z.literal('b') }),
    ]);
    expect(faultsIn(schema, { type: 'c' })).toEqual([
      { path: 'type', message: "Invalid discriminator value. Expected 'a' | 'b'" },
    ]);
    expect(faultsIn(schema, { type: 'a', more: 1 })).toEqual([{ path: 'more', message: 'unknown key' }]);
  });

  test('literals are named, and never thought meant where a structure is', () => {
    const schema = z.union([z.literal('off'), z.enum(['on', 'auto']), z.object({ at: z.number() })]);
    expect(faultsIn(schema, 'on?')).toEqual([
      { path: '', message: 'must be one of: "off", "on", "auto", object' },
    ]);
    expect(faultsIn(schema, {})).toEqual([{ path: 'at', message: 'is required' }]);
  });

  test('unions within unions', () => {
    const inner = z.union([z.number(), z.array(z.number())]);
    const schema = z.union([z.string(), z.object({ a: inner })]);
    expect(faultsIn(z.union([z.union([z.string(), z.number()]), z.object({ a: inner })]), {})).toEqual([
      { path: 'a', message: 'must be one of: number, array' },
    ]);
    expect(faultsIn(schema, { a: [1, 'x'] })).toEqual([
      { path: 'a[1]', message: 'Invalid input: expected number, received string' },
    ]);
  });
});

test('bad names and elements say why', () => {
  const names = z.record(z.string().min(2, 'must be longer'), z.number());
  expect(faultsIn(names, { a: 1 })).toEqual([{ path: 'a', message: 'bad name: must be longer' }]);
  const byName = z.map(z.string(), z.number());
  expect(faultsIn(byName, new Map([['k', 'v']]))).toEqual([
    { path: 'k', message: 'Invalid input: expected number, received string' },
  ]);
});
