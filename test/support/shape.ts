/**
 * Where two JSON values differ in shape: in the keys of objects, in the type of a value, in whether a list has
 * anything in it. Of lists their first elements are compared.
 */
export function shapeDifferences(expected: unknown, actual: unknown, path = ''): string[] {
  const [wanted, found] = [kindOf(expected), kindOf(actual)];
  if (wanted !== found) return [`${path || 'it'} is ${found}, not ${wanted}`];
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length === 0 || actual.length === 0) return [];
    return shapeDifferences(expected[0], actual[0], `${path}[0]`);
  }
  if (wanted !== 'an object') return [];
  const [of, there] = [expected as Record<string, unknown>, actual as Record<string, unknown>];
  return [...new Set([...Object.keys(of), ...Object.keys(there)])].flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (!(key in there)) return [`${at} is missing`];
    if (!(key in of)) return [`${at} is not documented`];
    return shapeDifferences(of[key], there[key], at);
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
