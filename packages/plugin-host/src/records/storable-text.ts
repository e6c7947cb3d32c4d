/** At most this much of a message or stack is kept: a 10 MB error message must not become a 10 MB row. In characters. */
export const TEXT_LIMIT = 16 * 1024;

/**
 * Text of a plugin as Postgres can hold it, in text and in JSON: cut, without NUL and without halves of surrogate
 * pairs, which a column would refuse and the whole row with it.
 */
export const toStorableText = (text: string): string =>
  // With the u flag a surrogate that is half of a pair is matched alone; after the cut, for the last may be one.
  text.slice(0, TEXT_LIMIT).replace(/\0|\p{Surrogate}/gu, '\uFFFD');

/** JSON for a column of the host's own: every text in it as {@link toStorableText} makes it. */
export const toStorableJson = (value: object | null): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? toStorableText(each) : each));
