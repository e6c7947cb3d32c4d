/** `attachment`, with the file name in the two forms browsers read: plain ASCII, and UTF-8 where that is not enough. */
export function formatAttachment(filename?: string): string {
  if (filename === undefined) return 'attachment';
  const name = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  const plain = name.replace(/[^\x20-\x7e]/gu, '?').replace(/["\\]/g, '\\$&');
  const needsUtf8 = /[^\x20-\x7e]|%[0-9a-f]{2}/iu.test(name);
  return `attachment; filename="${plain}"${needsUtf8 ? `; filename*=UTF-8''${encodeExtended(name)}` : ''}`;
}

const encodeExtended = (name: string): string =>
  [...name]
    .map((character) => (/[\ud800-\udfff]/.test(character) && character.length === 1 ? '\ufffd' : character))
    .map((character) =>
      encodeURIComponent(character).replace(
        /['()*]/g,
        (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('');
