// The whole story on a real host, as numbered lines with times. `--once` exits when it is told, `--fastify` uses the
// other host, `--help` says so.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const known = ['--once', '--fastify', '--help'];
const args = process.argv.slice(2);
const unknown = args.find((arg) => !known.includes(arg));
if (unknown || args.includes('--help')) {
  if (unknown) console.error(`Unknown option ${unknown}.`);
  console.log(
    'npm run demo [-- --once] [--fastify]\n  --once     exit when the story is told\n  --fastify  use the Fastify host instead of Express',
  );
  process.exit(unknown ? 2 : 0);
}
const once = args.includes('--once');
const framework = args.includes('--fastify') ? 'fastify' : 'express';
const dataDir = mkdtempSync(join(tmpdir(), 'plugin-host-demo-'));
const START_MS = 60_000;

let step = 0;
async function tell(what, action) {
  const started = performance.now();
  const result = await action();
  const ms = Math.round(performance.now() - started);
  step += 1;
  console.log(`${String(step).padStart(2)}. ${what}${result ? ` ${result}` : ''}  (${ms} ms)`);
}
function check(condition, message) {
  if (!condition) throw new Error(`The demo found something wrong: ${message}`);
}

let host;
async function start() {
  const child = spawn(process.execPath, [join(root, 'examples', `${framework}-host`, 'dist', 'main.js')], {
    env: {
      ...process.env,
      PORT: host ? host.port : '0',
      DATA_DIR: dataDir,
      DATABASE_URL: '',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the host did not start within ${START_MS / 1000} s`)),
      START_MS,
    );
    lines.on('line', (line) => {
      const match = /^listening on (http:\S+)$/.exec(line);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
    exited.then((code) => reject(new Error(`the host ended with code ${code}`)));
  });
  host = { child, exited, url, port: new URL(url).port };
  return url;
}
async function stop() {
  if (!host || host.child.exitCode !== null) return;
  host.child.kill('SIGTERM');
  await host.exited;
}

async function call(token, method, path, body) {
  const response = await fetch(`${host.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const json = await response.json();
  return { status: response.status, ...json };
}
async function expectOk(token, method, path, body) {
  const answer = await call(token, method, path, body);
  check(answer.success, `${method} ${path} answered ${answer.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}
const describe = ({ action, entityType, entityName, user }) =>
  `${user.name} ${action} ${entityType} “${entityName}”`;

async function story() {
  await tell(`The ${framework} host is up, on a Postgres of its own:`, start);
  let offered;
  await tell('The marketplace offers', async () => {
    const { plugins } = await expectOk('admin-acme', 'GET', '/api/marketplace');
    offered = plugins.find(({ id }) => id === 'activity-feed');
    check(offered && !offered.installed, 'activity-feed is not offered');
    return plugins.map(({ id, version }) => `${id} ${version}`).join(', ');
  });
  await tell('acme installs activity-feed,', async () => {
    const { plugin } = await expectOk('admin-acme', 'POST', '/api/plugins/install-from-url', {
      id: offered.id,
      name: offered.name,
      version: offered.version,
      downloadUrl: offered.download,
      checksum: offered.checksum,
    });
    check(plugin.trust === 'verified', `its trust is ${plugin.trust}`);
    return `checksum verified (${offered.checksum.slice(0, 19)}…): it is ${plugin.state}, ${plugin.trust}`;
  });
  await tell(
    'acme enables it:',
    async () => (await expectOk('admin-acme', 'POST', '/api/plugins/activity-feed/enable')).plugin.state,
  );
  await tell('acme creates a project and a risk through the application’s API:', async () => {
    const project = await expectOk('user-acme', 'POST', '/api/projects', { name: 'EU AI Act readiness' });
    const risk = await expectOk('user-acme', 'POST', '/api/risks', {
      title: 'Training data leak',
      severity: 'high',
      projectId: project.id,
    });
    return `project ${project.id}, risk ${risk.id}`;
  });
  const activities = async (token) =>
    (await expectOk(token, 'GET', '/api/plugins/activity-feed/activity')).activities;
  await tell('The plugin has recorded', async () => {
    const seen = await activities('user-acme');
    check(seen.length === 2, `${seen.length} activities instead of 2`);
    return seen.map(describe).join('; ');
  });
  await tell('Its dashboard widget', async () => {
    const { dashboardWidgets } = await expectOk('user-acme', 'GET', '/api/plugins/ui-extensions');
    const widget = dashboardWidgets.find(({ pluginId }) => pluginId === 'activity-feed');
    check(widget, 'there is no widget');
    const data = await expectOk('user-acme', 'GET', `/api/plugins/${widget.pluginId}${widget.endpoint}`);
    return `“${widget.title}” (${widget.template}) shows ${data.activities.length} entries`;
  });
  await tell('globex sees none of it:', async () => {
    const route = await call('user-globex', 'GET', '/api/plugins/activity-feed/activity');
    const { dashboardWidgets } = await expectOk('user-globex', 'GET', '/api/plugins/ui-extensions');
    const list = await expectOk('admin-globex', 'GET', '/api/plugins');
    check(
      route.status === 404 && dashboardWidgets.length === 0 && list.length === 0,
      'globex sees something of acme',
    );
    return `${route.status} ${route.error.code}, ${dashboardWidgets.length} widgets, ${list.length} plugins`;
  });
  await tell('The host is stopped, its database with it, and started again:', async () => {
    await stop();
    return start();
  });
  await tell('All is still there:', async () => {
    const { state } = await expectOk('admin-acme', 'GET', '/api/plugins/activity-feed');
    const seen = await activities('user-acme');
    check(state === 'enabled' && seen.length === 2, `state ${state}, ${seen.length} activities`);
    return `activity-feed is ${state}, ${seen.length} activities`;
  });
}

async function end(code) {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(code);
}
process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

try {
  await story();
  if (once) await end(0);
  console.log(
    `\n${host.url} stays up; Ctrl-C ends it. Try:\n  curl -H 'authorization: Bearer admin-acme' ${host.url}/api/plugins`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await end(1);
}
