/**
 * The functions a plugin may call. An explicit list, not "non-volatile" ones: `query_to_xml` and `ts_stat` run any
 * SQL text, `pg_sleep` and advisory locks hold connections, `set_config` undoes the tenant's settings, and none of
 * that can be told from a function's volatility.
 */
export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  `
  count sum avg min max array_agg string_agg bool_and bool_or every any_value bit_and bit_or bit_xor
  json_agg jsonb_agg json_object_agg jsonb_object_agg json_agg_strict jsonb_agg_strict
  json_object_agg_strict jsonb_object_agg_strict json_object_agg_unique jsonb_object_agg_unique range_agg
  range_intersect_agg corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
  regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont
  percentile_disc rank dense_rank percent_rank cume_dist row_number ntile lag lead first_value last_value nth_value

  lower upper length char_length character_length octet_length bit_length concat concat_ws format left right lpad
  rpad ltrim rtrim btrim trim replace reverse repeat substr substring position strpos split_part starts_with
  initcap ascii chr translate overlay quote_literal quote_ident quote_nullable md5 sha224 sha256 sha384 sha512
  encode decode convert_to convert_from to_hex to_bin to_oct regexp_replace regexp_match regexp_matches
  regexp_split_to_array regexp_split_to_table regexp_count regexp_instr regexp_like regexp_substr string_to_array
  string_to_table array_to_string like_escape similar_to_escape normalize is_normalized unistr casefold
  get_bit set_bit get_byte set_byte bit_count crc32 crc32c parse_ident

  abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 power pow mod div gcd lcm factorial degrees
  radians pi random random_normal width_bucket scale min_scale trim_scale sin cos tan cot asin acos atan atan2
  sind cosd tand cotd asind acosd atand atan2d sinh cosh tanh asinh acosh atanh erf erfc gamma lgamma
  num_nulls num_nonnulls isfinite

  now clock_timestamp statement_timestamp transaction_timestamp timeofday date_trunc date_part date_bin extract age
  make_date make_time make_timestamp make_timestamptz make_interval to_char to_date to_timestamp to_number
  justify_days justify_hours justify_interval timezone overlaps date_add date_subtract

  to_json to_jsonb row_to_json array_to_json json_build_object json_build_array jsonb_build_object
  jsonb_build_array json_object jsonb_object json_array_length jsonb_array_length json_each jsonb_each json_each_text
  jsonb_each_text json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text
  json_object_keys jsonb_object_keys json_extract_path jsonb_extract_path json_extract_path_text
  jsonb_extract_path_text json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_set jsonb_set_lax
  jsonb_insert jsonb_pretty json_populate_record jsonb_populate_record json_populate_recordset
  jsonb_populate_recordset json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset jsonb_path_exists
  jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_path_exists_tz
  jsonb_path_match_tz jsonb_path_query_tz jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_contains
  jsonb_exists jsonb_concat jsonb_delete

  array_append array_prepend array_cat array_length array_ndims array_dims array_lower array_upper array_position
  array_positions array_remove array_replace array_fill array_sample array_shuffle array_sort array_reverse
  cardinality trim_array unnest generate_series generate_subscripts

  gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
  int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange
  tstzmultirange datemultirange isempty lower_inc upper_inc lower_inf upper_inf range_merge multirange
  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline
  setweight strip numnode querytree tsvector_to_array array_to_tsvector ts_delete tsquery_phrase
  host family masklen netmask network broadcast abbrev set_masklen hostmask inet_merge inet_same_family
  area center diameter height width radius point box circle line lseg path polygon
  bool int2 int4 int8 float4 float8 numeric text varchar bpchar date time timetz timestamp timestamptz interval
  pg_typeof pg_column_size
  `
    .split(/\s+/)
    .filter(Boolean),
);

/** Functions on a sequence that is named in their first argument, and whether they change it. */
export const SEQUENCE_FUNCTIONS: ReadonlyMap<string, 'read' | 'write'> = new Map([
  ['nextval', 'write'],
  ['setval', 'write'],
  ['currval', 'read'],
]);

/** The allowed function a name may be a slip of; undefined where none is near. */
export function nearestFunction(name: string): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(name.length / 3) + 1);
  for (const candidate of ALLOWED_FUNCTIONS) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
