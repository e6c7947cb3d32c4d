import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../src/testing/index.js';

const SECRET = 'xoxb-Geheim/"quoted"+ünïcode-8f3a';
const FORMS = [
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString('base64').replace(/=+$/, ''),
];

let test: TestHost;
const answers: string[] = [];
beforeAll(async () => {
  test = await startTestHost();
  await test.install('acme', 'keeper', CODE, MANIFEST);
  await test.install('globex', 'keeper', CODE, MANIFEST);
});
afterAll(() => test.close());

const MANIFEST = {
  permissions: ['config:read', 'config:write'],
  config: {
    token: { type: 'string', required: true, secret: true },
    other: { type: 'string', secret: true },
    channel: { type: 'string', default: '#general' },
  },
};
const CODE = `module.exports = {
  onEnable(context) { context.logger.info('starting with ' + context.config.get('token'), { token: context.config.get('token') }); },
  routes(router, context) {
    router.get('/length', (req, res) => res.json({ length: context.config.get('token').length }));
    router.get('/fail', () => { throw new Error('upstream refused ' + context.config.get('token')); });
    router.get('/other', (req, res) => { try { res.json({ value: context.config.get('other') }); } catch (error) { res.json({ code: error.code, message: error.message }); } });
  },
};`;

const request = async (method: string, path: string, body?: unknown) => {
  const answer = await test.request('acme', method, path, body);
  answers.push(JSON.stringify([answer.headers, answer.body]));
  return answer;
};

describe('a secret', () => {
  it('is required before the plugin can be enabled, and said to be', async () => {
    const { status, body } = await request('POST', '/api/plugins/keeper/enable');
    expect([status, body.error.code, body.error.details.missing]).toEqual([
      409,
      'CONFIG_REQUIRED',
      ['token'],
    ]);
  });

  it('set through the API reaches the plugin and no answer', async () => {
    const { status, body } = await request('PUT', '/api/plugins/keeper/config', { token: SECRET });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ config: { token: '••••••••', channel: '#general' }, missing: [] });
    await request('POST', '/api/plugins/keeper/enable');
    expect((await request('GET', '/api/plugins/keeper/length')).body).toEqual({ length: SECRET.length });
    for (const path of [
      '/api/plugins',
      '/api/plugins/keeper',
      '/api/plugins/keeper/config',
      '/api/plugins/keeper/fail',
      '/api/plugins/keeper/-/errors',
      '/api/plugins/ui-extensions',
      '/api/marketplace',
    ]) {
      await request('GET', path);
    }
    await request('PUT', '/api/plugins/keeper/config', { token: 17 });
    for (const form of FORMS) expect(answers.filter((answer) => answer.includes(form))).toEqual([]);
  });

  it('is kept when its mask comes back', async () => {
    await request('PUT', '/api/plugins/keeper/config', { token: '••••••••', channel: '#risks' });
    expect((await request('GET', '/api/plugins/keeper/length')).body).toEqual({ length: SECRET.length });
  });

  it('is found in no log line, although the plugin logs it', () => {
    const lines = test.logs.map((line) => JSON.stringify([line.message, line.data]));
    expect(lines.some((line) => line.includes('starting with ••••••••'))).toBe(true);
    for (const form of FORMS) expect(lines.filter((line) => line.includes(form))).toEqual([]);
  });

  it('survives a restart', async () => {
    await test.restart();
    expect((await request('GET', '/api/plugins/keeper/length')).body).toEqual({ length: SECRET.length });
  });

  it('is found in no table of the database', async () => {
    const { rows } = await test.database.pool.query(
      `SELECT format('SELECT row_to_json(t)::text AS row FROM %I.%I t', schemaname, tablename) AS query FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { query } of rows) {
      const text = (await test.database.pool.query(query)).rows
        .map(({ row }: { row: string }) => row)
        .join('\n');
      for (const form of FORMS) expect(text).not.toContain(form);
    }
  });

  it('cannot be moved to another field', async () => {
    await test.host.stop();
    await move(
      `UPDATE plugin_host.plugin_config SET value = (SELECT value FROM plugin_host.plugin_config WHERE tenant = 'acme' AND key = 'token') WHERE tenant = 'acme' AND key = 'other'`,
      { other: 'placeholder' },
    );
    await test.restart();
    expect((await request('GET', '/api/plugins/keeper/other')).body).toMatchObject({
      code: 'SECRET_CORRUPT',
      message: expect.stringContaining('other'),
    });
  });

  it('cannot be moved to another tenant', async () => {
    await test.host.tenant('globex').config.update('keeper', { token: 'of globex' });
    await test.host.stop();
    await test.database.pool.query(
      `UPDATE plugin_host.plugin_config SET value = (SELECT value FROM plugin_host.plugin_config WHERE tenant = 'acme' AND key = 'token') WHERE tenant = 'globex' AND key = 'token'`,
    );
    await test.restart();
    const refused = await test.request('globex', 'POST', '/api/plugins/keeper/enable');
    expect(refused.body.success).toBe(false);
    expect(JSON.stringify(refused.body)).not.toContain(SECRET);
    const { body } = await test.request('globex', 'GET', '/api/plugins/keeper');
    expect(body.data.lastError.message).toContain('token');
  });

  it('cannot be read with another key, and the host says so at start', async () => {
    await test.host.stop();
    await expect(test.restart({ secretsKey: 'b'.repeat(64) })).rejects.toMatchObject({
      code: 'SECRETS_KEY_MISMATCH',
    });
    await test.restart();
  });
});

/** Gives the row something to overwrite, through the host, and then overwrites it behind its back. */
async function move(sql: string, config: Record<string, unknown>): Promise<void> {
  await test.restart();
  await test.host.tenant('acme').config.update('keeper', config);
  await test.host.stop();
  await test.database.pool.query(sql);
}
