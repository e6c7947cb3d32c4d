import type { Identity } from '@verifywise/plugin-host';

/** A request to the application's own API, as both frameworks hand it over. */
export interface AppRequest {
  readonly identity: Identity;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface AppResponse {
  readonly status: number;
  readonly body: unknown;
}

/** A route of the application, for either framework to mount: both understand `:name`. */
export interface AppRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly handle: (request: AppRequest) => Promise<AppResponse>;
}

export const success = (status: number, data: unknown): AppResponse => ({
  status,
  body: { success: true, data },
});

export const failure = (status: number, code: string, message: string, hint: string): AppResponse => ({
  status,
  body: { success: false, error: { code, message, hint } },
});
