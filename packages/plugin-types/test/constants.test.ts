import { describe, expect, it } from 'vitest';
import { definePlugin, PERMISSIONS, PluginEvent, PluginFilter, WIDGET_TEMPLATES } from '../src/index.js';

const constantCase = (name: string): string => name.replace(':', '_').toUpperCase();

describe('the constants', () => {
  it('name every event and every filter after its value', () => {
    expect(Object.keys(PluginEvent)).toEqual(Object.values(PluginEvent).map(constantCase));
    expect(Object.keys(PluginFilter)).toEqual(Object.values(PluginFilter).map(constantCase));
  });

  it('hold 64 events, 14 filters, 12 permissions and 10 widget templates, each once', () => {
    const counts = [
      Object.values(PluginEvent),
      Object.values(PluginFilter),
      PERMISSIONS,
      WIDGET_TEMPLATES,
    ].map((values) => new Set<string>(values).size);
    expect(counts).toEqual([64, 14, 12, 10]);
  });

  it('cannot be changed by a plugin, since all plugins share them', () => {
    expect(() => Object.assign(PluginEvent, { RISK_CREATED: 'project:created' })).toThrow(TypeError);
    expect(() => Object.assign(PluginFilter, { NEW: 'new:filter' })).toThrow(TypeError);
    expect(() => Object.assign(PERMISSIONS, ['everything'])).toThrow(TypeError);
    expect(PluginEvent.RISK_CREATED).toBe('risk:created');
  });
});

describe('definePlugin', () => {
  it('returns the very object it was given', () => {
    const plugin = { manifest: { id: 'hello-world', name: 'Hello World', version: '1.0.0' } };
    expect(definePlugin(plugin)).toBe(plugin);
  });
});
