import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTestHost, type TestHost } from '@verifywise/plugin-host/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentedRequest, readCurl } from './support/curl.js';
import { MarkdownFile } from './support/markdown.js';
import { shapeDifferences } from './support/shape.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const plugins = join(root, 'examples/plugins');

let test: TestHost;
beforeAll(async () => {
  test = await startTestHost();
});
afterAll(() => test.close());

const send = ({ method, path, token, body }: DocumentedRequest) => {
  const [role, tenant = ''] = (token ?? '').split('-');
  return test.request(tenant, method, path, body, { isAdmin: role === 'admin' });
};

describe('the calls of docs/http-api.md', () => {
  /** Runs a block, each call of which must succeed, and answers what its last one did. */
  const run = async (text: string, fill: Readonly<Record<string, string>>) => {
    let body: unknown;
    for (const request of readCurl(text, fill)) {
      const answer = await send(request);
      expect([request.method, request.path, answer.status]).toEqual([request.method, request.path, 200]);
      body = answer.body;
    }
    return body;
  };

  it('answer, one after another, what is written below them', async () => {
    const { downloadUrl, checksum } = await offer('activity-feed');
    await offer('risk-digest');
    const fill = { DOWNLOAD: downloadUrl, CHECKSUM: checksum };
    const { file, fences } = new MarkdownFile(root, 'docs/http-api.md');
    let compared = 0;
    for (const [index, { language, line, text }] of fences.entries()) {
      if (language !== 'sh') continue;
      if (text.includes('/-/errors')) await failInside('activity-feed');
      const body = await run(text, fill);
      const answer = fences[index + 1];
      if (answer?.language !== 'json') continue;
      expect(shapeDifferences(JSON.parse(answer.text), body), `${file}:${line}`).toEqual([]);
      compared += 1;
    }
    expect(compared).toBeGreaterThanOrEqual(8);
  });

  /** Makes a handler of the plugin fail: a value that is too large to be stored. */
  const failInside = async (id: string) => {
    const risk = { title: 'x'.repeat(2 * 1024 * 1024) };
    await test.host.tenant('acme').events.emit('risk:created', { riskId: 1, projectId: 1, risk });
    expect(await test.host.tenant('acme').plugins.errors(id)).toHaveLength(1);
  };
});

describe('the plugin of docs/writing-plugins.md', () => {
  const { fences } = new MarkdownFile(root, 'docs/writing-plugins.md');
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plugin-host-guide-'));
    for (const { title, text } of fences) {
      if (title === undefined) continue;
      mkdirSync(dirname(join(folder, title)), { recursive: true });
      writeFileSync(join(folder, title), text);
    }
    // What `npm i` would have brought.
    symlinkSync(join(plugins, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('builds, installs and does what it says', { timeout: 120_000 }, async () => {
    const build = ['--conditions=verifywise-source', '--import', 'tsx', 'build.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, build, { cwd: folder });
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const zip = readFileSync(join(folder, 'dist/risk-watch-1.0.0.zip'));
    const { downloadUrl, checksum } = test.registry.offer(zip, stdout.trim(), manifest, manifest.id);

    const acme = test.host.tenant('acme');
    await acme.plugins.install({ id: manifest.id, downloadUrl, checksum });
    await acme.plugins.enable(manifest.id);
    const filtered = await acme.filters.apply('risk:before_save', {
      risk: { title: 'Leak', severity: ' CRITICAL ' },
      projectId: 1,
      userId: 1,
      isNew: true,
    });
    expect(filtered.risk.severity).toBe('critical');
    for (const [riskId, severity] of ['critical', 'low', 'high'].entries()) {
      const risk = { title: `Risk ${riskId}`, severity };
      await acme.events.emit('risk:created', { riskId, projectId: 1, risk });
    }
    const { body } = await test.request('acme', 'GET', '/api/plugins/risk-watch/alerts');
    expect(body.data.alerts).toEqual([
      { id: '2', title: 'Risk 2', message: 'A risk of severity high was created.', severity: 'warning' },
      { id: '0', title: 'Risk 0', message: 'A risk of severity critical was created.', severity: 'critical' },
    ]);
    expect(acme.plugins.uiExtensions().dashboardWidgets).toMatchObject([{ template: 'alerts' }]);
    expect(await acme.plugins.errors(manifest.id)).toEqual([]);
  });
});

/** Bundles one of the example plugins and offers it in the host's registry. */
async function offer(name: string) {
  const { build } = createRequire(join(plugins, 'package.json'))('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(plugins, name, 'src/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    external: ['@verifywise/plugin-types'],
  });
  const manifest = JSON.parse(readFileSync(join(plugins, name, 'manifest.json'), 'utf8'));
  return test.registry.publish(name, outputFiles[0].text, manifest);
}
