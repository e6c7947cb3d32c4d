import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultScenario } from '../package-store/fixtures/fault-process.js';
import { ProcessFaults } from './process-faults.js';

const folder = mkdtempSync(join(tmpdir(), 'process-faults-'));
const program = join(folder, 'program.mjs');

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL('../package-store/fixtures/fault-process.ts', import.meta.url))],
    ...{ bundle: true, format: 'esm', platform: 'node', outfile: program, conditions: ['verifywise-source'] },
  }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(scenario: FaultScenario, ...nodeOptions: string[]) {
  const child = spawnSync(process.execPath, [...nodeOptions, program, JSON.stringify(scenario)], {
    encoding: 'utf8',
  });
  const lines = child.stdout.split('\n').filter(Boolean);
  return {
    lines: lines.map((line) => JSON.parse(line) as object),
    status: child.status,
    stderr: child.stderr,
  };
}

const survived = [{ alive: true }, { exit: 0 }];
const uncaught = { host: 0, tenant: 'acme', kind: 'uncaught', callback: 'onEnable' };

describe('what a plugin lets escape', () => {
  it.each([
    ['a timer', 'setTimeout(() => { throw new Error("oops") }, 1)'],
    ['an interval', 'const i = setInterval(() => { clearInterval(i); throw new Error("oops") }, 1)'],
    ['a microtask', 'queueMicrotask(() => { throw new Error("oops") })'],
    ['a tick', 'process.nextTick(() => { throw new Error("oops") })'],
    ['a promise nobody awaits', 'Promise.reject(new Error("oops"))'],
    ['an async function nobody awaits', '(async () => { await null; throw new Error("oops") })()'],
    ['an async timer callback', 'setTimeout(async () => { throw new Error("oops") }, 1)'],
    [
      'an emitter without a listener',
      'setTimeout(() => new (require("events"))().emit("error", new Error("oops")), 1)',
    ],
    ['a stream', 'require("stream").Readable.from([1]).on("data", () => { throw new Error("oops") })'],
    [
      'a timer out of the guard’s sight',
      'Function("return this")().setTimeout(() => { throw new Error("oops") }, 1)',
    ],
    ['a rejection with no error', 'Promise.reject("oops")'],
  ])('from %s is its fault, and the process answers on', (_, plugin) => {
    const { lines, status, stderr } = run({ plugin });
    expect(lines).toEqual([{ ...uncaught, error: 'oops' }, ...survived]);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('from a listener on an emitter of the application’s is found by its stack', () => {
    const plugin = 'application.on("request", () => { throw new Error("oops") })';
    const { lines } = run({ plugin, application: 'setImmediate(() => application.emit("request"))' });
    expect(lines).toEqual([{ ...uncaught, callback: 'uncaught exception', error: 'oops' }, ...survived]);
  });

  it('from an async listener there, too', () => {
    const plugin = 'application.on("request", async () => { throw new Error("oops") })';
    const { lines } = run({ plugin, application: 'setImmediate(() => application.emit("request"))' });
    expect(lines).toEqual([{ ...uncaught, callback: 'unhandled rejection', error: 'oops' }, ...survived]);
  });

  it('disables nobody when several tenants run that code and nothing tells which it was', () => {
    const plugin =
      'if (!application.listenerCount("request")) application.on("request", () => { throw new Error("oops") })';
    const { lines } = run({
      plugin,
      tenants: ['acme', 'globex'],
      application: 'setImmediate(() => application.emit("request"))',
    });
    const fault = { host: 0, kind: 'contained', callback: 'uncaught exception', error: 'oops' };
    expect(lines).toEqual([{ ...fault, tenant: 'acme' }, { ...fault, tenant: 'globex' }, ...survived]);
  });

  it('is contained when the plugin is gone already', () => {
    const plugin = 'application.on("request", () => { throw new Error("oops") })';
    const { lines } = run({
      plugin,
      disposed: true,
      application: 'setImmediate(() => application.emit("request"))',
    });
    expect(lines).toMatchObject([{ tenant: 'acme', kind: 'contained', error: 'oops' }, ...survived]);
  });

  it('is contained when a promise outlived the plugin', () => {
    const plugin =
      'new Promise((resolve) => application.on("request", resolve)).then(() => { throw new Error("oops") })';
    const { lines } = run({ plugin, disposed: true, application: 'application.emit("request")' });
    expect(lines).toEqual([{ ...uncaught, kind: 'contained', error: 'oops' }, ...survived]);
  });

  it('does not disable when it is a refused permission', () => {
    const { lines } = run({ plugin: 'void fetch("http://localhost")' });
    expect(lines).toMatchObject([{ denied: 'fetch' }, { tenant: 'acme', kind: 'contained' }, ...survived]);
  });

  it('is reported once, and to the host that runs it', () => {
    const { lines } = run({ plugin: 'Promise.reject(new Error("oops"))', hosts: 2 });
    const second = { ...uncaught, host: 1, tenant: 'acme-1', error: 'oops' };
    expect(lines).toEqual([{ ...uncaught, error: 'oops' }, second, ...survived]);
  });

  it.each(['strict', 'warn', 'none', 'throw'])('is reported once with --unhandled-rejections=%s', (mode) => {
    const { lines, status } = run(
      { plugin: 'Promise.reject(new Error("oops"))' },
      `--unhandled-rejections=${mode}`,
    );
    expect(lines).toEqual([{ ...uncaught, error: 'oops' }, ...survived]);
    expect(status).toBe(0);
  });

  it('never reaches the application’s own listeners', () => {
    const plugin =
      'Promise.reject(new Error("oops")); Function("return this")().setTimeout(() => { throw new Error("oops") }, 60)';
    const application = `
      for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => print({ application: event }));
      setTimeout(() => {}, 80)`;
    const { lines } = run({ plugin, application });
    expect(lines).toEqual([
      { ...uncaught, error: 'oops' },
      { alive: true },
      { ...uncaught, error: 'oops' },
      { exit: 0 },
    ]);
  });
});

describe('what the application itself lets escape', () => {
  /** What the same does in a process without us. */
  const withoutUs = (code: string, ...nodeOptions: string[]) => {
    const child = spawnSync(process.execPath, [...nodeOptions, '-e', code], { encoding: 'utf8' });
    return { status: child.status, stderr: child.stderr };
  };
  const lastLines = (stderr: string): string[] =>
    stderr.split('\n').filter((line) => /^(\w*Error|Node\.js|\[Unhandled|\(node)/.test(line));

  it.each([
    ['an exception', 'throw new Error("application")'],
    ['an exception that is no error', 'throw "application"'],
    ['a rejection', 'Promise.reject(new Error("application"))'],
    ['a rejection that is no error', 'Promise.reject("application")'],
  ])('ends the process as it always did: %s', (_, application) => {
    const ours = run({ application });
    const nodes = withoutUs(application);
    expect(ours.status).toBe(1);
    expect(ours.status).toBe(nodes.status);
    expect(ours.lines).toEqual([{ exit: 1 }]);
    expect(ours.stderr).toContain('application');
    expect(lastLines(ours.stderr)).toEqual(lastLines(nodes.stderr));
  });

  it.each([
    ['warn', 0],
    ['none', 0],
    ['strict', 1],
    ['throw', 1],
    ['warn-with-error-code', 1],
  ])('obeys --unhandled-rejections=%s', (mode, status) => {
    const rejecting = 'Promise.reject(new Error("application"))';
    const ours = run({ application: rejecting }, `--unhandled-rejections=${mode}`);
    expect(ours.status).toBe(status);
    expect(ours.status).toBe(withoutUs(rejecting, `--unhandled-rejections=${mode}`).status);
  });

  it.each([
    ['uncaughtException', 'throw new Error("application")'],
    ['unhandledRejection', 'Promise.reject(new Error("application"))'],
  ])('goes to its own listener for %s, if it has one', (event, act) => {
    const application = `process.on('${event}', (error) => print({ application: error.message })); ${act}`;
    const { lines, status } = run({ application });
    expect(lines).toEqual([
      { application: 'application' },
      ...(event === 'uncaughtException' ? [] : [{ alive: true }]),
      { exit: 0 },
    ]);
    expect(status).toBe(0);
  });

  it('goes to its own capture callback, if it has one', () => {
    const application = `process.setUncaughtExceptionCaptureCallback((error) => print({ application: error.message }));
      throw new Error("application")`;
    expect(run({ application }).lines).toEqual([{ application: 'application' }, { exit: 0 }]);
  });
});

describe('the hosts of a process', () => {
  it('leave it to itself when they are closed', () => {
    const plugin = 'application.on("request", () => { throw new Error("oops") })';
    const { lines, status } = run({
      plugin,
      hosts: 2,
      closed: true,
      application: 'setImmediate(() => application.emit("request"))',
    });
    expect(lines).toEqual([{ exit: 1 }]);
    expect(status).toBe(1);
  });

  it('leave no trace on process, in whatever order they close', () => {
    const options = { faults: { report: () => {}, denied: () => {} }, locate: () => [] };
    const before = Object.getOwnPropertyDescriptor(process, 'emit');
    const counts = ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event));
    const [first, second] = [new ProcessFaults(options), new ProcessFaults(options)];
    for (const host of [first, second, second]) host.open();
    expect(Object.getOwnPropertyDescriptor(process, 'emit')).not.toEqual(before);
    first.close();
    expect(Object.getOwnPropertyDescriptor(process, 'emit')).not.toEqual(before);
    second.close();
    second.close();
    expect(Object.getOwnPropertyDescriptor(process, 'emit')).toEqual(before);
    expect(['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event))).toEqual(
      counts,
    );
  });

  it('pass on to who has wrapped process.emit since, and come back beneath it', () => {
    const options = { faults: { report: () => {}, denied: () => {} }, locate: () => [] };
    const before = Object.getOwnPropertyDescriptor(process, 'emit');
    const host = new ProcessFaults(options);
    host.open();
    const ours = process.emit;
    const heard: unknown[] = [];
    const wrapper = function (this: unknown, ...args: unknown[]) {
      heard.push(args[0]);
      return Reflect.apply(ours, process, args);
    };
    Object.defineProperty(process, 'emit', { value: wrapper, writable: true, configurable: true });
    const emit = (): unknown => Reflect.apply(process.emit, process, ['test-event']);
    try {
      host.close();
      expect(process.emit).toBe(wrapper);
      expect(emit()).toBe(false);
      host.open();
      expect(emit()).toBe(false);
      expect(heard).toEqual(['test-event', 'test-event']);
    } finally {
      Object.defineProperty(process, 'emit', { value: ours, writable: true, configurable: true });
      host.close();
    }
    expect(Object.getOwnPropertyDescriptor(process, 'emit')).toEqual(before);
  });
});
