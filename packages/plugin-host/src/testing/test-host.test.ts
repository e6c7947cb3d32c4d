import { describe, expect, it } from 'vitest';
import { createTestDatabase } from './test-database.js';
import { startTestHost } from './test-host.js';

describe('startTestHost', () => {
  it('makes its database on the server it is given', async () => {
    // Nothing listens there: it is asked, not the server of the global setup.
    const away = { server: 'postgres://nobody@127.0.0.1:1/none' };
    await expect(startTestHost({ postgres: away })).rejects.toThrow('ECONNREFUSED');
    const database = await createTestDatabase();
    const test = await startTestHost({ postgres: { server: database.connectionString } });
    expect((await test.host.health()).ready).toBe(true);
    await test.close();
    await database.drop();
  });
});
