import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, startTestHost, type TestDatabase, type TestHost } from '../src/testing/index.js';
import { UnreliablePool } from './fixtures/unreliable-pool.js';

let test: TestHost;
let database: TestDatabase;
let pool: UnreliablePool;
let count = 0;
let id = '';
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new UnreliablePool(database.pool);
  test = await startTestHost({ database: pool });
});
afterAll(async () => {
  await test.close();
  await database.drop();
});
beforeEach(() => {
  id = `failing-${++count}`;
});

const plugins = () => test.host.tenant('acme').plugins;
const DATABASE = { permissions: ['database:read'] };

/** A bundle as authors ship it: from TypeScript, minified, its source map in its last line. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `${contents} // ${id}`, sourcefile: 'src/index.ts', loader: 'ts' },
    ...{ bundle: true, format: 'cjs', platform: 'node', minify: true, write: false, sourcemap: 'inline' },
  });
  return outputFiles[0]?.text ?? '';
}

/** Throws in line 4. */
const throwing = (hook: string) =>
  bundle(`interface Word { readonly text: string }

const shout = (word: Word): never => {
  throw new TypeError(\`no \${word.text}\`);
};
export default { ${hook}() { shout({ text: 'luck' }); } };`);

const lastLogged = () =>
  test.logs.filter(({ level, data }) => level === 'error' && data.pluginId === id).at(-1)?.data;

describe('the stack of a plugin’s error names the TypeScript source', () => {
  const place = () => `${id}@1.0.0/src/index.ts:4:9`;

  it.each(['onInstall', 'onLoad'])('in %s', async (hook) => {
    await expect(test.install('acme', id, await throwing(hook))).rejects.toMatchObject({
      code: 'HOOK_FAILED',
    });
    expect(lastLogged()).toMatchObject({ callback: hook, stack: expect.stringContaining(place()) });
  });

  it('in onEnable', async () => {
    await test.install('acme', id, await throwing('onEnable'));
    await expect(plugins().enable(id)).rejects.toMatchObject({ code: 'HOOK_FAILED' });
    const [error] = await plugins().errors(id);
    expect(error).toMatchObject({ callback: 'onEnable', stack: expect.stringContaining(place()) });
    expect((await plugins().get(id)).lastError?.stack).toContain(place());
  });

  it('in onDisable', async () => {
    await test.enable('acme', id, await throwing('onDisable'));
    await plugins().disable(id);
    const [error] = await plugins().errors(id);
    expect(error).toMatchObject({ callback: 'onDisable', stack: expect.stringContaining(place()) });
  });

  it('at the top level of the code', async () => {
    const code = await bundle(`const word: string = 'luck';


throw new TypeError('no ' + word);`);
    await expect(test.install('acme', id, code)).rejects.toMatchObject({ code: 'ENTRY_THREW' });
    expect(lastLogged()?.stack).toContain(`${id}@1.0.0/src/index.ts:4:7`);
  });

  it('where a query of a route or handler is wrong', async () => {
    const code = await bundle(`import type { PluginContext, Router } from '@verifywise/plugin-types';
const ask = async (context: PluginContext) => {
  await context.db.query('SELECT 1 / 0');
};
export default {
  eventHandlers: () => ({ 'risk:created': (_: unknown, context: PluginContext) => ask(context) }),
  routes(router: Router, context: PluginContext) { router.get('/it', () => ask(context)); },
};`);
    await test.enable('acme', id, code, { permissions: ['database:read', 'events:listen'] });
    expect((await test.request('acme', 'GET', `/api/plugins/${id}/it`)).status).toBe(500);
    await test.host
      .tenant('acme')
      .events.emit('risk:created', { riskId: 1, projectId: 1, risk: { id: 1 } as never });
    const errors = await plugins().errors(id);
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'QUERY_FAILED',
        message: expect.stringContaining('division by zero'),
        stack: expect.stringContaining(`${id}@1.0.0/src/index.ts:3:`),
      });
    }
  });
});

describe('a database that is away', () => {
  it('is 503 DB_UNAVAILABLE from a route that lets the error pass, and filed', async () => {
    await test.enable(
      'acme',
      id,
      `module.exports = { routes(router, context) {
        router.get('/it', async (req, res) => res.json(await context.db.query('SELECT 1')));
      } }; // ${id}`,
      DATABASE,
    );
    pool.fail('away', 0);
    const { status, body } = await test.request('acme', 'GET', `/api/plugins/${id}/it`);
    pool.recover();
    expect([status, body.success, body.error.code]).toEqual([503, false, 'DB_UNAVAILABLE']);
    expect(lastLogged()).toMatchObject({ kind: 'contained', code: 'DB_UNAVAILABLE' });
  });
});

describe('UI extensions in code', () => {
  const shown = async () => {
    const { body } = await test.request('acme', 'GET', '/api/plugins/ui-extensions');
    const { dashboardWidgets, pages } = body.data as Record<string, { pluginId: string }[]>;
    return {
      widgets: dashboardWidgets?.filter(({ pluginId }) => pluginId === id),
      pages: pages?.filter(({ pluginId }) => pluginId === id),
    };
  };

  it('are shown without the widgets that are wrong, which are filed once', async () => {
    await test.enable(
      'acme',
      id,
      `const right = { widgetId: 'right', title: 'Right', template: 'list', endpoint: '/right' };
      module.exports = { uiExtensions: {
        dashboardWidgets: [right, { ...right, widgetId: undefined }, { ...right, title: '' }, null,
          { ...right, widgetId: 'place', endpoint: 'right' }, { ...right, widgetId: 'look', template: 'pie' }],
        page: { title: 'Page', endpoint: '/page' },
      } }; // ${id}`,
    );
    await shown();
    const { widgets, pages } = await shown();
    expect(widgets).toMatchObject([{ widgetId: 'right', pluginId: id }]);
    expect(pages).toEqual([{ title: 'Page', endpoint: '/page', pluginId: id }]);
    const errors = await plugins().errors(id);
    expect(errors).toMatchObject([{ kind: 'contained', callback: 'uiExtensions' }]);
    for (const place of [1, 2, 3, 4, 5]) expect(errors[0]?.message).toContain(`dashboardWidgets[${place}]`);
    expect((await plugins().get(id)).state).toBe('enabled');
  });

  it('are left out where they are no list or no page', async () => {
    await test.enable(
      'acme',
      id,
      `module.exports = { uiExtensions: { dashboardWidgets: {}, page: { title: 'P', endpoint: 'p' } } }; // ${id}`,
    );
    await shown();
    expect(await shown()).toEqual({ widgets: [], pages: [] });
    expect(await plugins().errors(id)).toMatchObject([
      {
        code: 'UI_EXTENSIONS_INVALID',
        message: expect.stringMatching(/dashboardWidgets is not an array; page\.endpoint does not begin/),
      },
    ]);
  });
});
