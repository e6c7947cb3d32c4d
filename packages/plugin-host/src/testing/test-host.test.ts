import { describe, expect, inject, it } from 'vitest';
import { TEST_SERVER_KEY } from './test-database.js';
import { startTestHost } from './test-host.js';

describe('startTestHost', () => {
  it('makes its database on the server it is given', async () => {
    // Nothing listens there: it is asked, not the server of the global setup.
    const away = { server: 'postgres://nobody@127.0.0.1:1/none' };
    await expect(startTestHost({ postgres: away })).rejects.toThrow('ECONNREFUSED');
    const test = await startTestHost({ postgres: inject(TEST_SERVER_KEY) });
    const { hostname, port } = new URL(test.database.connectionString);
    const server = new URL(inject(TEST_SERVER_KEY).server);
    expect({ hostname, port }).toEqual({ hostname: server.hostname, port: server.port });
    expect((await test.host.health()).ready).toBe(true);
    await test.close();
  });
});
