import { describe, expect, it } from 'vitest';
import type { HostLogger } from '../../foundation/logger.js';
import { MASK, SecretRedactor } from '../../foundation/redact.js';
import { createDefaultLogger } from './default-logger.js';
import { PluginLogger } from './plugin-logger.js';
import { createRedactingLogger } from './redacting-logger.js';

const key = { tenant: 'acme', pluginId: 'slack' };

type Line = Record<string, unknown> & { msg: string; level: number };

/** The default logger, its output kept in memory, as lines and as bytes. */
function capture() {
  const raw: string[] = [];
  const logger = createDefaultLogger({
    level: 'debug',
    destination: { write: (line) => void raw.push(line) },
  });
  return { raw, logger, lines: () => raw.map((line): Line => JSON.parse(line)) };
}

function open(options: { secrets?: string[]; maxLines?: number; now?: () => number } = {}) {
  const output = capture();
  const redactor = new SecretRedactor();
  for (const secret of options.secrets ?? []) redactor.hold(secret);
  const { maxLines, now } = options;
  const log = new PluginLogger({
    key,
    logger: output.logger,
    redactor,
    ...(maxLines === undefined ? {} : { maxLines }),
    ...(now === undefined ? {} : { now }),
  });
  return { ...output, log, redactor };
}

describe('PluginLogger', () => {
  it('writes a JSON line per entry with level, tenant, plugin, message and meta', () => {
    const { log, lines } = open();
    log.debug('a');
    log.info('b', { n: 1 });
    log.warn('c', [1]);
    log.error('d', new Error('broken'));
    expect(lines().map(({ level, tenant, pluginId, msg }) => ({ level, tenant, pluginId, msg }))).toEqual(
      ['a', 'b', 'c', 'd'].map((msg, i) => ({ level: 20 + i * 10, tenant: 'acme', pluginId: 'slack', msg })),
    );
    expect(lines()[1]).toMatchObject({ meta: { n: 1 } });
    expect(lines()[2]).toMatchObject({ meta: [1] });
    expect(lines()[3]).toMatchObject({
      error: { name: 'Error', message: 'broken', stack: expect.stringContaining('plugin-logger.test.ts') },
    });
  });

  it('takes an error or an object in place of the message', () => {
    const { log, lines } = open();
    const info = log.info.bind(log) as (message: unknown) => void;
    info(new TypeError('broken'));
    info({ n: 1 });
    info(undefined);
    expect(lines()).toMatchObject([
      { msg: 'broken', error: { name: 'TypeError' } },
      { msg: '', meta: { n: 1 } },
      { msg: 'undefined' },
    ]);
  });

  it('lets no meta overwrite a field of the line', () => {
    const { log, lines } = open();
    log.info('x', { tenant: 'globex', pluginId: 'teams', level: 99, msg: 'forged', time: 0 });
    expect(lines()[0]).toMatchObject({ tenant: 'acme', pluginId: 'slack', level: 30, msg: 'x' });
  });

  it('masks secrets in message, meta, keys, errors, stacks and causes', () => {
    const secret = 'xoxb-"quoted"/1234';
    const { log, raw, lines } = open({ secrets: [secret] });
    log.info(`token ${secret}`, { a: [{ b: secret }], [secret]: 1, url: encodeURIComponent(secret) });
    log.error(
      'failed',
      new Error(`with ${secret}`, { cause: { auth: Buffer.from(`me:${secret}`).toString('base64') } }),
    );
    log.error('failed', Object.assign(new Error('x'), { stack: `Error: ${secret}\n at y` }));
    const written = raw.join('');
    for (const form of [secret, 'quoted', Buffer.from('quoted').toString('base64').slice(0, 6)]) {
      expect(written).not.toContain(form);
    }
    expect(lines()[0]?.msg).toBe(`token ${MASK}`);
  });

  it('keeps each line within 16 KB and says how much was cut', () => {
    const { log, raw, lines } = open();
    log.info('m'.repeat(10_000_000));
    log.error('e', new Error('x'.repeat(10_000_000)));
    log.info('\u0000'.repeat(100_000), '😀"\n'.repeat(100_000));
    log.info(
      'many',
      Array.from({ length: 100_000 }, (_, i) => i),
    );
    log.info('ü'.repeat(4096), { a: 'ü'.repeat(20_000) });
    for (const line of raw) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16 * 1024);
    expect(lines()[0]?.msg).toMatch(/m{3000}…\[truncated, 10000000 characters\]$/);
    for (const line of raw) expect(line).toContain('truncated');
  });

  it('cuts so that no part of a secret at the cut gets through', () => {
    const secret = 'supersecretvalue';
    const { log, raw } = open({ secrets: [secret] });
    for (let pad = 4_000; pad < 4_110; pad++)
      log.info('x'.repeat(pad) + secret, 'y'.repeat(pad + 6_000) + secret);
    expect(raw.join('')).not.toMatch(/[xy]supers?/);
    expect(raw).toHaveLength(110);
  });

  it('lets no text end a line or move the cursor', () => {
    const { log, raw } = open();
    log.info('one\n{"level":50,"msg":"forged"}\r\u001b[2J\u009b2J\u2028', { 'k\n': 'v\u2029\u007f' });
    expect(raw).toHaveLength(1);
    expect(raw[0]?.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('never throws, whatever it is given', () => {
    const boom = () => {
      throw new Error('boom');
    };
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    const hostile: unknown[] = [
      circle,
      { toJSON: boom },
      Object.defineProperty({}, 'g', { get: boom, enumerable: true }),
      new Proxy({}, { get: boom, ownKeys: boom, getPrototypeOf: boom }),
      new Proxy(new Error('x'), { get: boom, has: boom, getPrototypeOf: boom }),
      Symbol('s'),
      10n,
      boom,
      Object.create(null),
      null,
    ];
    const { log, raw } = open();
    for (const value of hostile) {
      log.info(value as string, value);
      log.error('x', value);
    }
    expect(raw.length).toBe(2 * hostile.length);
  });

  it('does not throw when the logger behind it does', () => {
    const fail = () => {
      throw new Error('disk full');
    };
    const logger: HostLogger = { debug: fail, info: fail, warn: fail, error: fail };
    expect(() => new PluginLogger({ key, logger, redactor: new SecretRedactor() }).info('x')).not.toThrow();
  });

  it('drops what is beyond the limit of a window, says so at once, and counts it afterwards', () => {
    let time = 0;
    const { log, lines } = open({ maxLines: 3, now: () => time });
    for (let i = 0; i < 10; i++) log.info(`line ${i}`);
    time = 9_999;
    log.info('still dropped');
    time = 10_000;
    log.info('next window');
    expect(lines().map(({ msg }) => msg)).toEqual([
      'line 0',
      'line 1',
      'line 2',
      'More than 3 lines in 10 s: the rest of them is dropped.',
      '8 lines were dropped.',
      'next window',
    ]);
    for (let i = 0; i < 4; i++) log.info('x');
    log.close();
    log.close();
    expect(lines().at(-1)?.msg).toBe('2 lines were dropped.');
  });
});

describe('createRedactingLogger', () => {
  it('masks what the host itself logs', () => {
    const { logger, lines, raw } = capture();
    const redactor = new SecretRedactor();
    redactor.hold('hunter22');
    const err = new TypeError('plugin said hunter22');
    createRedactingLogger(logger, redactor).warn({ tenant: 'acme', err, n: 1 }, 'hunter22 again');
    expect(raw.join('')).not.toContain('hunter22');
    expect(lines()[0]).toMatchObject({
      tenant: 'acme',
      n: 1,
      msg: `${MASK} again`,
      err: { type: 'TypeError', message: `plugin said ${MASK}`, stack: expect.stringContaining('.test.ts') },
    });
  });

  it('passes lines on as they are while there is nothing to mask', () => {
    const { logger, lines } = capture();
    createRedactingLogger(logger, new SecretRedactor()).info({ n: 1 }, 'x');
    expect(lines()[0]).toMatchObject({ n: 1, msg: 'x', level: 30 });
  });
});
