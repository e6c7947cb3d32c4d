import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
const folder = mkdtempSync(join(tmpdir(), 'guarded-fs-'));
const file = join(folder, 'file.txt');
beforeEach(() => writeFileSync(file, 'content'));
afterAll(() => {
  packages.close();
  rmSync(folder, { recursive: true, force: true });
});

const { loader, faults } = recordingLoader();
const code = `
  const fs = require('node:fs'), promises = require('fs/promises'), { promisify } = require('node:util');
  module.exports = { call: (name, ...args) => fs[name](...args), promised: (name, ...args) => promises[name](...args),
    promisified: (name, ...args) => promisify(fs[name])(...args), native: (path) => fs.realpathSync.native(path),
    construct: (name, ...args) => new fs[name](...args), constants: fs.constants,
    same: () => fs.promises.readFile === promises.readFile && fs.readFile === fs.readFile }`;
const withPermissions = (...permissions: string[]): RunningPlugin =>
  new RunningPlugin(loader, packages.add({ 'index.js': code }, { permissions }));

const none = withPermissions();
const reader = withPermissions('filesystem:read');
const writer = withPermissions('filesystem:write');

const denied = (required: string, member: string) =>
  expect.objectContaining({
    code: 'PERMISSION_DENIED',
    details: expect.objectContaining({ member, required: [required] }),
  });

describe('reading files', () => {
  it.each([
    ['readFileSync', [file]],
    ['readdirSync', [folder]],
    ['statSync', [file]],
    ['existsSync', [file]],
    ['realpathSync', [file]],
    ['accessSync', [file]],
    ['opendirSync', [folder]],
    ['createReadStream', [file]],
    ['watch', [folder]],
  ])('by %s needs filesystem:read', (name, args) => {
    expect(() => none.call('call', name, ...args)).toThrow(denied('filesystem:read', `fs.${name}`));
    expect(() => writer.call('call', name, ...args)).toThrow(denied('filesystem:read', `fs.${name}`));
  });

  it('works with it, in every style', async () => {
    expect(reader.call('call', 'readFileSync', file, 'utf8')).toBe('content');
    expect(await reader.call('promised', 'readFile', file, 'utf8')).toBe('content');
    expect(await reader.call('promisified', 'readFile', file, 'utf8')).toBe('content');
    expect(await reader.call('promisified', 'exists', file)).toBe(true);
    expect(reader.call('native', file)).toContain('file.txt');
  });

  it('rejects where a promise is expected, and asks for what hangs on a function too', async () => {
    await expect(none.call('promised', 'readFile', file)).rejects.toThrow(
      denied('filesystem:read', 'fs.promises.readFile'),
    );
    expect(() => none.call('native', file)).toThrow(denied('filesystem:read', 'fs.realpathSync'));
    expect(() => none.call('promisified', 'exists', file)).toThrow(denied('filesystem:read', 'fs.exists'));
    expect(() => none.call('construct', 'ReadStream', file)).toThrow(
      denied('filesystem:read', 'fs.ReadStream'),
    );
  });
});

describe('writing files', () => {
  const target = join(folder, 'new.txt');

  it.each([
    ['writeFileSync', [target, 'x']],
    ['appendFileSync', [target, 'x']],
    ['mkdirSync', [target]],
    ['rmSync', [file]],
    ['unlinkSync', [file]],
    ['renameSync', [file, target]],
    ['symlinkSync', [file, target]],
    ['truncateSync', [file]],
    ['chmodSync', [file, 0o600]],
    ['createWriteStream', [target]],
  ])('by %s needs filesystem:write', (name, args) => {
    expect(() => none.call('call', name, ...args)).toThrow(denied('filesystem:write', `fs.${name}`));
    expect(() => reader.call('call', name, ...args)).toThrow(denied('filesystem:write', `fs.${name}`));
    expect([existsSync(file), existsSync(target)]).toEqual([true, false]);
  });

  it('works with it', async () => {
    await writer.call('promised', 'writeFile', file, 'changed');
    expect(readFileSync(file, 'utf8')).toBe('changed');
  });

  it('by copying needs both', () => {
    expect(() => writer.call('call', 'copyFileSync', file, target)).toThrow(
      denied('filesystem:read', 'fs.copyFileSync'),
    );
    expect(() => reader.call('call', 'copyFileSync', file, target)).toThrow(
      denied('filesystem:write', 'fs.copyFileSync'),
    );
  });
});

describe('opening files', () => {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = process.getBuiltinModule('fs').constants;

  it.each([
    ['r', 'filesystem:read'],
    ['rs', 'filesystem:read'],
    [undefined, 'filesystem:read'],
    ['w', 'filesystem:write'],
    ['ax', 'filesystem:write'],
    [O_RDONLY, 'filesystem:read'],
    [O_WRONLY | O_TRUNC, 'filesystem:write'],
  ])('with flags %s needs %s alone', (flags, permission) => {
    const [allowed, refused] = permission === 'filesystem:read' ? [reader, writer] : [writer, reader];
    expect(() => refused.call('call', 'openSync', file, flags)).toThrow(denied(permission, 'fs.openSync'));
    if (flags === 'ax') return;
    const descriptor = allowed.call('call', 'openSync', file, flags);
    expect(descriptor).toBeTypeOf('number');
    allowed.call('call', 'closeSync', descriptor);
  });

  it.each(['r+', 'w+', 'a+', O_RDWR, O_RDONLY | O_CREAT])('with flags %s needs both', (flags) => {
    expect(() => reader.call('call', 'openSync', file, flags)).toThrow(
      denied('filesystem:write', 'fs.openSync'),
    );
    expect(() => writer.call('call', 'openSync', file, flags)).toThrow(
      denied('filesystem:read', 'fs.openSync'),
    );
  });

  it('looks at the flags of functions that read, too', () => {
    const created = join(folder, 'created.txt');
    expect(() => reader.call('call', 'readFileSync', created, { flag: 'w+' })).toThrow(
      denied('filesystem:write', 'fs.readFileSync'),
    );
    expect(() => reader.call('call', 'createReadStream', created, { flags: 'a+' })).toThrow(
      denied('filesystem:write', 'fs.createReadStream'),
    );
    expect(existsSync(created)).toBe(false);
  });
});

describe('node:fs as a whole', () => {
  it('may be required without any permission, and keeps its identities', () => {
    expect(none.call('same')).toBe(true);
    expect(none.loaded.plugin).toHaveProperty('constants.O_RDONLY', 0);
    expect(none.call('call', 'hasOwnProperty', 'readFile')).toBe(true);
  });

  it('reports each refusal', () => {
    const before = faults.denials.length;
    expect(() => none.call('call', 'readFileSync', file)).toThrow();
    expect(faults.denials.slice(before)).toEqual([
      {
        key: { tenant: 'acme', pluginId: 'hello-world' },
        member: 'fs.readFileSync',
        required: ['filesystem:read'],
      },
    ]);
  });

  it('closes a plugin’s watchers with it', async () => {
    const plugin = withPermissions('filesystem:read', 'filesystem:write');
    const before = plugin.scope.size;
    const watcher = plugin.call<import('node:fs').FSWatcher>('call', 'watch', folder);
    const closed = new Promise((resolve) => watcher.once('close', resolve));
    plugin.call('call', 'watchFile', file, () => {});
    expect(plugin.scope.size).toBe(before + 2);
    await plugin.scope.dispose();
    await closed;
  });
});
