/** A name as SQL writes it, whatever characters it has. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as SQL writes it, with `standard_conforming_strings` on or off. */
export const quoteLiteral = (text: string): string =>
  text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`;

/** A statement that sets parameters until the end of the transaction or subtransaction. */
export const setLocal = (parameters: Readonly<Record<string, string | number>>): string =>
  `SELECT ${Object.entries(parameters)
    .map(
      ([name, value]) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(String(value))}, true)`,
    )
    .join(', ')}`;
