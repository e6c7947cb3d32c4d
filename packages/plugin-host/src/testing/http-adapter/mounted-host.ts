import type { HostBody, HostHttp, HostRequest, HostResponse } from '../../facade/host-http.js';
import { splitPath } from '../../facade/path-segments.js';

/**
 * Serves `http` on a real socket through the adapter under test.
 *
 * The application around it answers `GET /application` with the text `application`, `POST /application` with
 * `{ "received": <its own parsed JSON body> }` and everything else with its own 404; its router does not tell
 * upper from lower case.
 */
export type MountHost = (http: HostHttp) => Promise<MountedHost>;

export interface MountedHost {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

export type Answer = (request: HostRequest) => HostResponse | Promise<HostResponse>;

/** Mounts a host that answers with `answer`, runs `use` and takes the host down again. */
export async function withHost(
  mount: MountHost,
  answer: Answer | HostHttp,
  use: (url: string, seen: readonly HostRequest[]) => Promise<void>,
): Promise<void> {
  const seen: HostRequest[] = [];
  const inner: HostHttp =
    typeof answer === 'function' ? { handle: async (request) => answer(request) } : answer;
  const host = await mount({
    ...(inner.bodyLimit ? { bodyLimit: inner.bodyLimit.bind(inner) } : {}),
    async handle(request) {
      splitPath(request.path);
      seen.push(request);
      return inner.handle(request);
    },
  });
  try {
    await use(host.url, seen);
  } finally {
    await host.close();
  }
}

export const respond = (
  body: HostBody,
  headers: HostResponse['headers'] = {},
  status = 200,
): HostResponse => ({ status, headers, body });

export const text = (value: string): HostResponse =>
  respond({ kind: 'text', text: value }, { 'content-type': 'text/plain' });
