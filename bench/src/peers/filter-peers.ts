import { Script } from 'node:vm';
import { createHooks } from 'hookable';
import { AsyncSeriesWaterfallHook, SyncWaterfallHook } from 'tapable';
import type { Contender } from '../contest.js';

export interface FilterValue {
  readonly score: number;
}

export type Filter = (value: FilterValue) => FilterValue | Promise<FilterValue>;

/** Filters that return a changed copy, each compiled by itself as every plugin's code is. */
export const filters = (count: number, kind: Contender['kind']): Filter[] =>
  Array.from({ length: count }, (_, index) => {
    const code = `(${kind === 'async' ? 'async ' : ''}({ score }) => ({ score: score + 1 }))`;
    return new Script(code, { filename: `plugin-${index}.js` }).runInThisContext() as Filter;
  });

/** Nothing around the filters at all: one failure ends the rest. */
export const awaitFilters = (list: readonly Filter[], start: FilterValue): Contender => ({
  kind: 'async',
  run: async () => {
    let value = start;
    for (const filter of list) value = await filter(value);
    return value;
  },
});

export function tapable(list: readonly Filter[], kind: Contender['kind'], start: FilterValue): Contender {
  if (kind === 'sync') {
    const hook = new SyncWaterfallHook<[FilterValue]>(['value']);
    for (const [index, filter] of list.entries())
      hook.tap(`plugin-${index}`, filter as (value: FilterValue) => FilterValue);
    return { kind: 'async', run: async () => hook.call(start) };
  }
  const hook = new AsyncSeriesWaterfallHook<[FilterValue]>(['value']);
  for (const [index, filter] of list.entries()) {
    hook.tapPromise(`plugin-${index}`, filter as (value: FilterValue) => Promise<FilterValue>);
  }
  return { kind: 'async', run: () => hook.promise(start) };
}

/** hookable's hooks return nothing, so the value stands in a box they share. */
export function hookable(list: readonly Filter[], start: FilterValue): Contender {
  const hooks = createHooks<Record<string, (box: { value: FilterValue }) => Promise<void>>>();
  for (const filter of list) {
    hooks.hook('filter', async (box) => {
      box.value = await filter(box.value);
    });
  }
  return {
    kind: 'async',
    run: async () => {
      const box = { value: start };
      await hooks.callHook('filter', box);
      return box.value;
    },
  };
}
