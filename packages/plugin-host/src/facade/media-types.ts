/** What `res.type('csv')` and `res.attachment('report.csv')` mean. Others are application/octet-stream. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['bin', 'application/octet-stream'],
  ['css', 'text/css'],
  ['csv', 'text/csv'],
  ['gif', 'image/gif'],
  ['gz', 'application/gzip'],
  ['htm', 'text/html'],
  ['html', 'text/html'],
  ['ico', 'image/vnd.microsoft.icon'],
  ['ics', 'text/calendar'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['js', 'text/javascript'],
  ['json', 'application/json'],
  ['md', 'text/markdown'],
  ['mjs', 'text/javascript'],
  ['mp4', 'video/mp4'],
  ['pdf', 'application/pdf'],
  ['png', 'image/png'],
  ['svg', 'image/svg+xml'],
  ['text', 'text/plain'],
  ['txt', 'text/plain'],
  ['wasm', 'application/wasm'],
  ['webp', 'image/webp'],
  ['woff2', 'font/woff2'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xml', 'text/xml'],
  ['zip', 'application/zip'],
]);

const TEXTUAL = /^(?:text\/|application\/(?:json|javascript|xml)$)/;

/** The type for a name (`json`, `.json`, `report.json`) or a media type; text gets its charset, as in Express. */
export function toContentType(type: string): string {
  if (type.includes(';')) return type;
  const extension = type.slice(type.lastIndexOf('.') + 1).toLowerCase();
  const mediaType = type.includes('/') ? type : (BY_EXTENSION.get(extension) ?? 'application/octet-stream');
  return TEXTUAL.test(mediaType) ? `${mediaType}; charset=utf-8` : mediaType;
}

/** A string is always sent as UTF-8, so its type says so, whatever charset it named before. */
export const withUtf8 = (contentType: string): string =>
  `${contentType.replace(/;\s*charset\s*=\s*(?:"[^"]*"|[^;]*)/i, '')}; charset=utf-8`;
