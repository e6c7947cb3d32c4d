import { describe, expect, it } from 'vitest';
import { bodyTooLarge, notAdmin } from '../foundation/errors/index.js';
import { toErrorResponse } from './error-response.js';

describe('toErrorResponse', () => {
  it('says what the catalogue says, with details where there are any', () => {
    expect(toErrorResponse(bodyTooLarge({ limit: 5 }))).toEqual({
      status: 413,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        kind: 'json',
        value: {
          success: false,
          error: {
            code: 'BODY_TOO_LARGE',
            message: 'The request body is larger than 5 bytes.',
            hint: 'Send less.',
            details: { limit: 5 },
          },
        },
      },
    });
    expect(toErrorResponse(notAdmin({}, { cause: new Error('secret') })).body).not.toHaveProperty(
      'value.error.details',
    );
  });

  it.each([
    new Error('secret'),
    'secret',
    undefined,
    null,
    { code: 'BODY_TOO_LARGE', status: 200, message: 'secret' },
  ])('keeps anything else to itself', (error) => {
    const response = toErrorResponse(error);
    expect(response.status).toBe(500);
    expect(response.body).toMatchObject({ kind: 'json', value: { error: { code: 'INTERNAL' } } });
    expect(JSON.stringify(response)).not.toContain('secret');
  });
});
