import { describe, expect, it } from 'vitest';
import { Scope } from './scope.js';

const recorder = () => {
  const done: string[] = [];
  return { done, entry: (name: string) => () => void done.push(name) };
};

describe('a scope', () => {
  it('disposes what it owns, last in, first out, each after the one before', async () => {
    const scope = new Scope();
    const done: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      scope.add(async () => {
        done.push(`${name} begins`);
        await new Promise(setImmediate);
        done.push(`${name} ends`);
      });
    }
    expect(scope).toMatchObject({ size: 3, disposed: false });
    await scope.dispose();
    expect(done).toEqual([
      'third begins',
      'third ends',
      'second begins',
      'second ends',
      'first begins',
      'first ends',
    ]);
    expect(scope).toMatchObject({ size: 0, disposed: true });
  });

  it('tries every entry and gathers what failed', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    scope.add(entry('first'));
    scope.add(() => {
      throw new Error('thrown');
    });
    scope.add(entry('second'));
    scope.add(async () => {
      throw new Error('rejected');
    });
    const failure: unknown = await scope.dispose().catch((error: unknown) => error);
    expect(done).toEqual(['second', 'first']);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors).toEqual([new Error('rejected'), new Error('thrown')]);
  });

  it('is disposed once', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    scope.add(entry('only'));
    await Promise.all([scope.dispose(), scope.dispose()]);
    await scope.dispose();
    expect(done).toEqual(['only']);
  });

  it('disposes one entry early, and not again at the end', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    scope.add(entry('stays'));
    const release = scope.add(entry('goes'));
    await release();
    expect(done).toEqual(['goes']);
    expect(scope.size).toBe(1);
    await release();
    await scope.dispose();
    await release();
    expect(done).toEqual(['goes', 'stays']);
  });

  it('hands what an early disposal throws to whoever asked for it', async () => {
    const scope = new Scope();
    const release = scope.add(async () => {
      throw new Error('rejected');
    });
    await expect(release()).rejects.toThrow('rejected');
    await expect(scope.dispose()).resolves.toBeUndefined();
  });

  it('keeps two entries of the same function apart', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    const twice = entry('same');
    const release = scope.add(twice);
    scope.add(twice);
    await release();
    expect(scope.size).toBe(1);
    await scope.dispose();
    expect(done).toEqual(['same', 'same']);
  });

  it('lets an entry release others while it is disposed', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    const release = scope.add(entry('first'));
    scope.add(async () => {
      done.push('second');
      await release();
    });
    await scope.dispose();
    expect(done).toEqual(['second', 'first']);
  });
});

describe('a disposed scope', () => {
  it('disposes at once what is added', async () => {
    const scope = new Scope();
    await scope.dispose();
    const { done, entry } = recorder();
    const release = scope.add(entry('late'));
    expect(done).toEqual(['late']);
    await release();
    expect(done).toEqual(['late']);
    expect(scope.size).toBe(0);
  });

  it('does so while it is being disposed', async () => {
    const scope = new Scope();
    const { done, entry } = recorder();
    scope.add(() => void scope.add(entry('late')));
    await scope.dispose();
    expect(done).toEqual(['late']);
    expect(scope.size).toBe(0);
  });

  it('is not harmed, and harms nobody, where that fails', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      const scope = new Scope();
      await scope.dispose();
      expect(() =>
        scope.add(() => {
          throw new Error('thrown');
        }),
      ).not.toThrow();
      scope.add(async () => {
        throw new Error('rejected');
      });
      // Node reports a rejection once the microtasks are done.
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });
});
