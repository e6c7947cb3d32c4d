import { isPlainObject } from '../../foundation/json.js';

/**
 * The members of an object literal; nothing for what is none, or has a key that is a symbol: operators of other
 * libraries are symbols, and a condition that is overlooked deletes every row.
 */
export function ownProperties(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (!isPlainObject(value) || Object.getOwnPropertySymbols(value).length > 0) return undefined;
  return Object.entries(value);
}
