import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExampleHost, type Framework } from './support/example-host.js';

const FRAMEWORKS: readonly Framework[] = ['express', 'fastify'];

describe.each(FRAMEWORKS)('the %s example host', (framework) => {
  let folder: string;
  let host: ExampleHost;
  const start = () => ExampleHost.start(framework, { DATA_DIR: folder });
  const as = (token: string | undefined, method: string, path: string, body?: unknown) =>
    host.request(token, method, path, body);
  const install = async (token: string, id: string) => {
    const { download, checksum, version, name } = (await as(token, 'GET', `/api/marketplace/${id}`)).body
      .data;
    return as(token, 'POST', '/api/plugins/install-from-url', {
      id,
      name,
      version,
      downloadUrl: download,
      checksum,
    });
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plugin-host-example-'));
    host = await start();
  });
  afterAll(async () => {
    expect(await host.stop()).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  });

  it('browses the marketplace', async () => {
    const { body } = await as('admin-acme', 'GET', '/api/marketplace');
    expect(body.data.plugins.map(({ id }: { id: string }) => id)).toEqual([
      'activity-feed',
      'hello-world',
      'risk-digest',
    ]);
    const search = await as(
      'admin-acme',
      'GET',
      '/api/marketplace?search=DASHBOARD%20risk&type=reporting&installed=false',
    );
    expect(search.body.data.plugins.map(({ id }: { id: string }) => id)).toEqual(['risk-digest']);
    expect((await as('admin-acme', 'GET', '/api/marketplace/categories')).body.data).toEqual([
      { type: 'feature', count: 2, label: 'Feature' },
      { type: 'reporting', count: 1, label: 'Reporting' },
    ]);
    expect((await as('admin-acme', 'GET', '/api/marketplace/tags')).body.data[0]).toEqual({
      tag: 'dashboard',
      count: 2,
    });
    expect((await as('admin-acme', 'GET', '/api/marketplace/updates')).body.data).toMatchObject({
      plugins: [],
      total: 0,
    });
    expect((await as('admin-acme', 'GET', '/api/marketplace?installed=perhaps')).status).toBe(400);
    expect((await as('admin-acme', 'GET', '/api/marketplace/nothing')).status).toBe(404);
  });

  it('keeps management to admins and everything to those who are signed in', async () => {
    for (const [method, path] of [
      ['GET', '/api/marketplace'],
      ['GET', '/api/plugins'],
      ['POST', '/api/plugins/hello-world/enable'],
      ['GET', '/api/plugins/hello-world/config'],
    ] as const) {
      expect([path, (await as(undefined, method, path)).status]).toEqual([path, 401]);
      expect([path, (await as('nobody', method, path)).status]).toEqual([path, 401]);
      expect([path, (await as('user-acme', method, path)).status]).toEqual([path, 403]);
    }
    expect((await as(undefined, 'GET', '/api/plugins/ui-extensions')).status).toBe(401);
    expect((await as('user-acme', 'GET', '/api/plugins/ui-extensions')).status).toBe(200);
    expect((await as(undefined, 'POST', '/api/projects', { name: 'P' })).status).toBe(401);
  });

  it('installs and runs the specification’s own example plugin, word for word', async () => {
    expect((await install('admin-acme', 'hello-world')).body.data.plugin).toMatchObject({
      id: 'hello-world',
      state: 'loaded',
      trust: 'verified',
    });
    await as('admin-acme', 'PUT', '/api/plugins/hello-world/config', { greeting: 'Good day' });
    expect((await as('admin-acme', 'POST', '/api/plugins/hello-world/enable')).body.data.plugin.state).toBe(
      'enabled',
    );
    await as('user-acme', 'POST', '/api/projects', { name: 'Apollo' });
    await expect.poll(() => host.output.join('\n')).toContain('Good day! New project created: Apollo');
    expect(host.output.join('\n')).toContain('Good day, World! Plugin enabled.');
  });

  it('loses no activity of 100 at the same time', async () => {
    await install('admin-acme', 'activity-feed');
    await as('admin-acme', 'POST', '/api/plugins/activity-feed/enable');
    const made = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        as('user-acme', 'POST', '/api/risks', { title: `Risk ${index}`, severity: 'low' }),
      ),
    );
    expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]));
    const { body } = await as('user-acme', 'GET', '/api/plugins/activity-feed/activity?limit=100');
    expect(body.data.total).toBe(100);
    expect(
      new Set(body.data.activities.map(({ entityName }: { entityName: string }) => entityName)).size,
    ).toBe(100);
    expect(body.data.activities[0]).toMatchObject({
      action: 'created',
      entityType: 'risk',
      user: { name: 'Uma User' },
    });
  });

  it('lets risk-digest change what is saved, keep a table and draw a widget', async () => {
    await install('admin-acme', 'risk-digest');
    await as('admin-acme', 'POST', '/api/plugins/risk-digest/enable');
    const { body } = await as('user-acme', 'POST', '/api/risks', { title: 'Bias', severity: 'Moderate' });
    expect(body.data.severity).toBe('medium');
    await as('user-acme', 'PUT', `/api/risks/${body.data.id}`, { severity: 'C' });
    const digest = (await as('user-acme', 'GET', '/api/plugins/risk-digest/digest')).body.data;
    expect(digest).toMatchObject({ total: 1, cards: [{ label: 'critical', value: 1 }] });
    await as('user-acme', 'DELETE', `/api/risks/${body.data.id}`);
    expect((await as('user-acme', 'GET', '/api/plugins/risk-digest/digest')).body.data.total).toBe(0);
    const { dashboardWidgets } = (await as('user-acme', 'GET', '/api/plugins/ui-extensions')).body.data;
    expect(
      dashboardWidgets.map(({ widgetId, pluginId }: { widgetId: string; pluginId: string }) => [
        pluginId,
        widgetId,
      ]),
    ).toEqual([
      ['activity-feed', 'activity-feed-widget'],
      ['risk-digest', 'risk-digest-cards'],
    ]);
  });

  it('shows another tenant none of it', async () => {
    expect((await as('admin-globex', 'GET', '/api/plugins')).body).toMatchObject({ data: [], total: 0 });
    expect((await as('admin-globex', 'GET', '/api/plugins/activity-feed')).status).toBe(404);
    expect((await as('user-globex', 'GET', '/api/plugins/activity-feed/activity')).body.error.code).toBe(
      'PLUGIN_NOT_ENABLED',
    );
    expect((await as('user-globex', 'GET', '/api/risks')).body.data).toEqual([]);
    expect((await as('admin-globex', 'POST', '/api/plugins/activity-feed/disable')).status).toBe(404);
  });

  it('finds everything again after a kill -9', async () => {
    await host.kill();
    host = await start();
    expect(
      (await as('admin-acme', 'GET', '/api/plugins')).body.data.map(
        ({ id, state }: { id: string; state: string }) => [id, state],
      ),
    ).toEqual([
      ['activity-feed', 'enabled'],
      ['hello-world', 'enabled'],
      ['risk-digest', 'enabled'],
    ]);
    expect(
      (await as('user-acme', 'GET', '/api/plugins/activity-feed/activity')).body.data.total,
    ).toBeGreaterThanOrEqual(100);
  });
});
