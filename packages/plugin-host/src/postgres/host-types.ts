import type { PgTypes } from './pg-pool.js';

/** Type numbers of Postgres that occur in the host's own tables; every other value is text. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const JSON_TEXT = 114;
const TIMESTAMPTZ = 1184;
const JSONB = 3802;

/** `2026-01-31 12:00:00.123456+00`: an ISO date but for the blank and the minutes of the offset. */
const toDate = (text: string): Date => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL]: (text) => text === 't',
  [BYTEA]: (text) => Buffer.from(text.slice(2), 'hex'),
  // Counters and entity ids, all below 2^53. `pg` gives them as text.
  [INT8]: Number,
  [INT2]: Number,
  [INT4]: Number,
  [JSON_TEXT]: (text) => JSON.parse(text) as unknown,
  [JSONB]: (text) => JSON.parse(text) as unknown,
  [TIMESTAMPTZ]: toDate,
};

const asText = (text: string): string => text;

/**
 * How the host reads its own tables. `pg` keeps one table of parsers per process, and applications change it
 * (dates as text, bigints as numbers): the host's rows must not change with it.
 */
export const HOST_TYPES: PgTypes = { getTypeParser: (oid) => parsers[oid] ?? asText };
