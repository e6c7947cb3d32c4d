import { afterAll, describe, expect, it } from 'vitest';
import { PackagesOnDisk } from './fixtures/packages-on-disk.js';
import { RunningPlugin, recordingLoader } from './fixtures/running-plugin.js';

const packages = new PackagesOnDisk();
afterAll(() => packages.close());

const { loader, faults } = recordingLoader();
const run = (expression: string): RunningPlugin =>
  new RunningPlugin(
    loader,
    packages.add({ 'index.js': `module.exports = { get: (...args) => (${expression}) }` }),
  );
const evaluate = (expression: string): unknown => run(expression).call('get');

describe('process, as a plugin sees it', () => {
  it('can be read and measured', () => {
    expect(
      evaluate(
        '[process.pid, process.platform, process.version, process.cwd(), typeof process.hrtime.bigint()]',
      ),
    ).toEqual([process.pid, process.platform, process.version, process.cwd(), 'bigint']);
    expect(
      evaluate(
        '[Object.prototype.toString.call(process), require("process") === process, typeof process.stdout.write]',
      ),
    ).toEqual(['[object process]', true, 'function']);
  });

  it.each([
    'exit',
    'abort',
    'kill',
    'chdir',
    'binding',
    'dlopen',
    'reallyExit',
    'setuid',
    'umask',
    'loadEnvFile',
  ])('refuses %s', (name) => {
    expect(() => evaluate(`process.${name}()`)).toThrow(
      expect.objectContaining({
        code: 'MODULE_FORBIDDEN',
        details: expect.objectContaining({ request: `process.${name}` }),
      }),
    );
  });

  it('lacks what reaches into the process', () => {
    expect(
      evaluate(
        '[process.mainModule, process.report, process._getActiveHandles, process.send, process.stdin]',
      ),
    ).toEqual(Array(5).fill(undefined));
  });

  it('keeps what a plugin writes', () => {
    const { exitCode, title } = process;
    expect(
      evaluate('[process.exitCode = 3, process.title = "mine", process.exitCode, process.title]'),
    ).toEqual([3, 'mine', 3, 'mine']);
    expect([process.exitCode, process.title]).toEqual([exitCode, title]);
  });

  it('has a copy of the environment without the host’s credentials', () => {
    const secrets = [
      'PLUGIN_SECRETS_KEY',
      'PLUGIN_SECRETS_KEY_PREVIOUS',
      'DATABASE_URL',
      'REDIS_URL',
      'PGPASSWORD',
    ];
    const before = { ...process.env };
    for (const name of secrets) process.env[name] = 'secret';
    process.env.GUARDED_PROCESS_TEST = 'visible';
    try {
      const plugin = run('(Object.assign(process.env, args[0]), process.env)');
      const env = plugin.call<NodeJS.ProcessEnv>('get', { OWN: '1' });
      expect(secrets.filter((name) => name in env)).toEqual([]);
      expect(env).toMatchObject({ GUARDED_PROCESS_TEST: 'visible', OWN: '1' });
      expect(process.env.OWN).toBeUndefined();
      expect(evaluate('process.env.OWN')).toBeUndefined();
    } finally {
      for (const name of [...secrets, 'GUARDED_PROCESS_TEST']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });
});

describe('listening to process', () => {
  const listening = `
    const heard = [];
    module.exports = { heard,
      on: (event) => { process.on(event, (value) => heard.push([event, value])) },
      once: (event) => { process.once(event, (value) => heard.push(['once', value])) },
      throwing: (event) => { process.on(event, () => { throw new Error('listener') }) },
      off: (event) => { const f = () => heard.push('off'); process.on(event, f); process.off(event, f) },
      removeAll: () => { process.removeAllListeners() },
      count: (event) => [process.listenerCount(event), process.listeners(event).length, process.eventNames()],
      emit: (event, value) => process.emit(event, value) }`;
  const start = (): RunningPlugin => new RunningPlugin(loader, packages.add({ 'index.js': listening }));
  const heard = (plugin: RunningPlugin): unknown => Reflect.get(plugin.loaded.plugin, 'heard');
  const emit = (event: string, value: unknown): boolean =>
    Reflect.apply(process.emit, process, [event, value]);

  it('works, until the plugin’s scope is disposed', async () => {
    const plugin = start();
    for (const method of ['on', 'on', 'once', 'off']) plugin.call(method, 'test-event');
    expect(process.listenerCount('test-event')).toBe(1);
    emit('test-event', 1);
    emit('test-event', 2);
    expect(heard(plugin)).toEqual(
      [1, 1, 2, 2].flatMap((n, at) =>
        at === 1
          ? [
              ['test-event', n],
              ['once', n],
            ]
          : [['test-event', n]],
      ),
    );
    expect(plugin.call('count', 'test-event')).toEqual([2, 2, ['test-event']]);
    await plugin.scope.dispose();
    expect(process.listenerCount('test-event')).toBe(0);
    plugin.call('on', 'test-event');
    expect(process.listenerCount('test-event')).toBe(0);
  });

  it('sees and removes the plugin’s own listeners only', () => {
    const own = (): void => {};
    process.on('test-event', own);
    const [first, second] = [start(), start()];
    first.call('on', 'test-event');
    second.call('on', 'test-event');
    expect(first.call('count', 'test-event')).toEqual([1, 1, ['test-event']]);
    first.call('removeAll');
    expect(process.listenerCount('test-event')).toBe(2);
    expect(first.call('emit', 'test-event', 1)).toBe(false);
    second.call('removeAll');
    expect(process.listeners('test-event' as 'exit')).toEqual([own]);
    process.off('test-event', own);
  });

  it('leaves the scope when the plugin stops', () => {
    const plugin = start();
    const before = plugin.scope.size;
    plugin.call('off', 'test-event');
    plugin.call('once', 'test-event');
    emit('test-event', 1);
    expect(heard(plugin)).toEqual([['once', 1]]);
    expect(plugin.scope.size).toBe(before);
    plugin.call('on', 'test-event');
    expect(plugin.scope.size).toBe(before + 1);
    plugin.call('removeAll');
    expect([plugin.scope.size, process.listenerCount('test-event')]).toEqual([before, 0]);
  });

  it('reports what a listener throws, and lets the others hear', async () => {
    const plugin = start();
    const other = start();
    plugin.call('throwing', 'test-event');
    other.call('on', 'test-event');
    const before = faults.faults.length;
    emit('test-event', 1);
    expect(heard(other)).toEqual([['test-event', 1]]);
    expect(faults.faults.slice(before)).toMatchObject([
      { kind: 'uncaught', callback: 'process event test-event' },
    ]);
    await plugin.scope.dispose();
    await other.scope.dispose();
  });

  it.each(['uncaughtException', 'unhandledRejection', 'SIGTERM', 'SIGUSR2', 'message'])(
    'to %s never changes what the process does',
    (event) => {
      const before = process.listenerCount(event);
      const plugin = start();
      plugin.call('on', event);
      expect(process.listenerCount(event)).toBe(before);
      expect(plugin.call('count', event)).toEqual([1, 1, [event]]);
    },
  );
});
