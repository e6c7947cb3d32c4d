import { describe, expect, it } from 'vitest';
import type { Identity } from '../facade/host-http.js';
import { actorOf, type EndpointRequest, ok, param } from './endpoint.js';

const requestOf = (fields: Partial<EndpointRequest>): EndpointRequest => ({
  params: {},
  query: {},
  headers: {},
  body: undefined,
  identity: { tenant: 'acme', user: { id: 1 }, isAdmin: false },
  ...fields,
});
const signedIn = (user: Identity['user']) => requestOf({ identity: { tenant: 'acme', user, isAdmin: true } });

describe('an endpoint’s answer', () => {
  it('is success and data', () => {
    expect(ok([1])).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: { kind: 'json', value: { success: true, data: [1] } },
    });
  });

  it('may say more, and carry headers', () => {
    expect(ok([1], { total: 1 }, { etag: '"1"' })).toMatchObject({
      headers: { 'content-type': 'application/json; charset=utf-8', etag: '"1"' },
      body: { value: { success: true, data: [1], total: 1 } },
    });
  });
});

describe('a request to an endpoint', () => {
  it('has the parameters of its path, and none besides', () => {
    const request = requestOf({ params: { id: 'slack' } });
    expect(param(request, 'id')).toBe('slack');
    expect(param(request, 'other')).toBe('');
  });

  it('names who asked, without what is not known of them and without their rights', () => {
    expect(actorOf(signedIn({ id: 'u-7', email: 'ada@acme.example', name: 'Ada', role: 'owner' }))).toEqual({
      userId: 'u-7',
      email: 'ada@acme.example',
      name: 'Ada',
    });
    expect(Object.keys(actorOf(signedIn({ id: 0 })))).toEqual(['userId']);
  });
});
