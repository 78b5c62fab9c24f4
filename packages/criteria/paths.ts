const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/**
 * A place in a JSON document as people write it: `criteria.any[0].features.activeDays`. A key that would be
 * misread after a dot is quoted: `traits["first name"]`.
 */
export function formatPath(path: readonly PropertyKey[], prefix = ''): string {
  let text = prefix;
  for (const key of path) {
    const name = String(key);
    if (typeof key === 'number') text += `[${name}]`;
    else if (!PLAIN_KEY.test(name)) text += `[${JSON.stringify(name)}]`;
    else text += text === '' ? name : `.${name}`;
  }
  return text;
}
