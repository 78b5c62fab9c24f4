import type { z } from 'zod';
import { formatPath } from './paths';

/** One thing wrong with a document: where (`criteria.features.actvDays`) and what, as an English phrase. */
export type Fault = { path: string; message: string };

type Issue = z.core.$ZodIssue;
type UnionIssue = z.core.$ZodIssueInvalidUnion;

/**
 * Every fault of any zod error, in zod's order and without repeats, with paths that begin with `prefix` (''
 * for none). Each unknown key is a fault of its own, at its own path. Of a failed union only the branch that
 * the value's type points to is told; if there is none, the union itself.
 */
export function faultsOf(error: z.ZodError, prefix: string): Fault[] {
  const faults = new Map<string, Fault>();
  for (const issue of error.issues) {
    for (const fault of faultsOfIssue(issue, [], prefix)) faults.set(JSON.stringify(fault), fault);
  }
  return [...faults.values()];
}

function faultsOfIssue(issue: Issue, base: readonly PropertyKey[], prefix: string): Fault[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const message = issue.message.startsWith('Unrecognized key') ? 'unknown key' : issue.message;
    return issue.keys.map((key) => ({ path: formatPath([...path, key], prefix), message }));
  }
  const meant = issue.code === 'invalid_union' ? branchMeant(issue) : null;
  if (meant !== null) return meant.flatMap((inner) => faultsOfIssue(inner, path, prefix));
  return [{ path: formatPath(path, prefix), message: messageOf(issue) }];
}

/**
 * The branch that took the value's type and found fault further in; of several, the one with the fewest
 * faults.
 */
function branchMeant(issue: UnionIssue): Issue[] | null {
  let meant: Issue[] | null = null;
  for (const branch of issue.errors) {
    const isMeant = branch.length > 0 && !branch.some(isOtherKind);
    if (isMeant && (meant === null || branch.length < meant.length)) meant = branch;
  }
  return meant;
}

/**
 * Whether the issue says that the value is something else altogether, rather than that there is a fault in
 * it.
 */
function isOtherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return branchMeant(issue) === null;
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function messageOf(issue: Issue): string {
  if (issue.code === 'invalid_union') return unionMessage(issue);
  if (issue.code === 'invalid_key') return `bad name: ${issue.issues.map(messageOf).join('; ')}`;
  if (issue.code === 'invalid_element') return `bad element: ${issue.issues.map(messageOf).join('; ')}`;
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return isMissing ? 'is required' : issue.message;
}

function unionMessage(issue: UnionIssue): string {
  if (issue.message !== 'Invalid input') return issue.message;
  const kinds = [...new Set(kindsAllowed(issue))];
  return kinds.length === 0 ? 'is none of the allowed kinds' : `must be one of: ${kinds.join(', ')}`;
}

/** What would have been taken: types by name, literals as JSON. */
function kindsAllowed(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(String(value)));
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(kindsAllowed) : [];
}
