import { beforeEach, describe, expect, it } from 'vitest';
import { FaultLog } from '../../foundation/fixtures/fault-log.js';
import { TestPlugin } from '../../foundation/fixtures/test-plugin.js';
import { DEFAULT_LIMITS } from '../../foundation/limits.js';
import { FilterPipeline } from './filter-pipeline.js';
import { PluginFilters } from './plugin-filters.js';

const SAVE = 'risk:before_save';

let pipeline: FilterPipeline;
let plugin: TestPlugin;
let filters: PluginFilters;

const append = (name: string) => (value: string) => `${value} ${name}`;

beforeEach(() => {
  pipeline = new FilterPipeline({ faults: new FaultLog(), limits: DEFAULT_LIMITS });
  plugin = new TestPlugin('alpha');
  filters = new PluginFilters(plugin, pipeline);
});

describe('the filters of a plugin', () => {
  it('see the values of its own tenant, those it applies itself included', async () => {
    new PluginFilters(new TestPlugin('beta', 'globex'), pipeline).addFilter(SAVE, append('globex'));
    new PluginFilters(new TestPlugin('beta'), pipeline).addFilter(SAVE, append('beta'));
    filters.addFilter(SAVE, append('alpha'));
    expect(await filters.applyFilters(SAVE, 'start')).toBe('start beta alpha');
  });

  it('run at priority 10 unless they say otherwise', async () => {
    filters.addFilter(SAVE, append('eleven'), 11);
    filters.addFilter(SAVE, append('ten'));
    filters.addFilter(SAVE, append('nine'), 9);
    expect(await filters.applyFilters(SAVE, 'start')).toBe('start nine ten eleven');
  });

  it('run until they are removed, once for each time they were added', async () => {
    const filter = append('alpha');
    filters.addFilter(SAVE, filter);
    filters.addFilter(SAVE, filter);
    filters.removeFilter(SAVE, filter);
    expect(await filters.applyFilters(SAVE, 'start')).toBe('start alpha');
    filters.removeFilter(SAVE, filter);
    filters.removeFilter(SAVE, filter);
    expect(await filters.applyFilters(SAVE, 'start')).toBe('start');
    expect(plugin.scope.size).toBe(0);
  });

  it('end with the scope they were added in', async () => {
    filters.addFilter(SAVE, append('alpha'));
    await plugin.scope.dispose();
    expect(await filters.applyFilters(SAVE, 'start')).toBe('start');
  });

  it('take no name but a non-empty string, no handler but a function, no priority but a number', async () => {
    const bad = (value: unknown): never => value as never;
    const invalid = expect.objectContaining({ code: 'HANDLER_INVALID' });
    for (const name of ['', undefined, 7]) {
      expect(() => filters.addFilter(bad(name), append('x'))).toThrow(invalid);
      expect(() => filters.removeFilter(bad(name), append('x'))).toThrow(invalid);
      await expect(filters.applyFilters(bad(name), 'start')).rejects.toEqual(invalid);
    }
    for (const handler of [undefined, {}, 'handler']) {
      expect(() => filters.addFilter(SAVE, bad(handler))).toThrow(invalid);
      expect(() => filters.removeFilter(SAVE, bad(handler))).toThrow(invalid);
    }
    for (const priority of ['10', Number.NaN, null]) {
      expect(() => filters.addFilter(SAVE, append('x'), bad(priority))).toThrow(invalid);
    }
    expect(plugin.scope.size).toBe(0);
  });
});
