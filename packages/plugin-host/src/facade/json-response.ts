import type { HostHeaders, HostResponse } from './host-http.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** A JSON answer. The adapter serialises `value`. */
export const jsonResponse = (status: number, value: unknown, headers: HostHeaders = {}): HostResponse => ({
  status,
  headers: { 'content-type': JSON_TYPE, ...headers },
  body: { kind: 'json', value },
});
