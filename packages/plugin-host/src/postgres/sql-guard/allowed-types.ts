/**
 * The types a plugin may name. Those that look a name up in the catalogues (`regclass` and its like) are not among
 * them: a text cast to one reaches every object of the database.
 */
export const ALLOWED_TYPES: ReadonlySet<string> = new Set(
  `bool boolean int2 int4 int8 smallint int integer bigint serial serial2 serial4 serial8 smallserial bigserial
  float4 float8 real numeric decimal money text varchar bpchar char name bytea uuid bit varbit
  date time timetz timestamp timestamptz interval
  json jsonb jsonpath tsvector tsquery inet cidr macaddr macaddr8
  point line lseg box path polygon circle
  int4range int8range numrange tsrange tstzrange daterange
  int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange
  unknown void record`.split(/\s+/),
);
