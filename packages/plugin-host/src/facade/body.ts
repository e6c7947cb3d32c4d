import { parse as parseForm } from 'node:querystring';
import { bodyNotJson, rawBodyUnavailable } from '../foundation/errors/index.js';
import type { HostRequest } from './host-http.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What `req.body` holds, by content type: JSON (any value), a form (flat, as Express 5 parses it), text,
 * otherwise the bytes.
 *
 * Without bytes it is `undefined`, as in Express 5, except that an empty body sent as JSON or as a form is
 * `{}`. Throws BODY_NOT_JSON where JSON was declared, and RAW_BODY_UNAVAILABLE where a parser of the
 * application has eaten the bytes.
 */
export function parseBody(request: Pick<HostRequest, 'rawBody' | 'headers' | 'bodyConsumed'>): unknown {
  if (request.bodyConsumed) throw rawBodyUnavailable({});
  const { rawBody, headers } = request;
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const mediaType = type.trim();
  const isJson = mediaType === 'application/json' || mediaType.endsWith('+json');
  const isForm = mediaType === 'application/x-www-form-urlencoded';
  if (rawBody.length === 0) return isJson || isForm ? {} : undefined;
  if (isJson) return parseJson(rawBody, headers['content-encoding']);
  if (isForm) return parseForm(rawBody.toString('utf8'));
  if (mediaType.startsWith('text/')) return decodeText(rawBody, parameters);
  return rawBody;
}

function parseJson(bytes: Buffer, encoding = 'identity'): unknown {
  if (encoding !== 'identity')
    throw bodyNotJson({ reason: `content-encoding ${encoding} is not supported.` });
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8.';
    throw bodyNotJson({ reason });
  }
}

function decodeText(bytes: Buffer, parameters: readonly string[]): string {
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/.exec(parameter)?.[1])
    .find((label) => label !== undefined);
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
