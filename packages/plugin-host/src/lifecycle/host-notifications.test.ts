import { describe, expect, it } from 'vitest';
import { HostNotifications } from './host-notifications.js';

const key = { tenant: 'acme', pluginId: 'slack' };
const open = () => {
  const errors: unknown[] = [];
  return { errors, notifications: new HostNotifications((error) => errors.push(error)) };
};

describe('the host’s notifications', () => {
  it('reach every listener of that name, in order, with the same data', () => {
    const { notifications } = open();
    const heard: unknown[] = [];
    notifications.on('plugin:enabled', (data) => heard.push(['first', data]));
    notifications.on('plugin:enabled', (data) => heard.push(['second', data]));
    notifications.on('plugin:disabled', (data) => heard.push(['other', data]));
    notifications.emit('plugin:enabled', key);
    expect(heard).toEqual([
      ['first', key],
      ['second', key],
    ]);
  });

  it('need no listener', () => {
    expect(() => open().notifications.emit('plugin:loaded', key)).not.toThrow();
  });

  it('end with the function that subscribing returned, for that subscription alone', () => {
    const { notifications } = open();
    let calls = 0;
    const handler = () => {
      calls += 1;
    };
    const end = notifications.on('plugin:enabled', handler);
    notifications.on('plugin:enabled', handler);
    end();
    end();
    notifications.emit('plugin:enabled', key);
    expect(calls).toBe(1);
  });

  it('may be ended from a listener, and the others still hear of this one', () => {
    const { notifications } = open();
    const heard: string[] = [];
    const end = notifications.on('plugin:enabled', () => {
      heard.push('once');
      end();
    });
    notifications.on('plugin:enabled', () => heard.push('always'));
    notifications.emit('plugin:enabled', key);
    notifications.emit('plugin:enabled', key);
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  it('survive a listener that throws, and tell of it', () => {
    const { errors, notifications } = open();
    const heard: string[] = [];
    const thrown = new Error('thrown');
    notifications.on('plugin:uninstalled', () => {
      throw thrown;
    });
    notifications.on('plugin:uninstalled', () => heard.push('second'));
    notifications.emit('plugin:uninstalled', { ...key, deleteData: true });
    expect(heard).toEqual(['second']);
    expect(errors).toEqual([thrown]);
  });

  it('survive a listener that rejects, too', async () => {
    const { errors, notifications } = open();
    const rejected = new Error('rejected');
    notifications.on('plugin:enabled', async () => {
      throw rejected;
    });
    notifications.on('plugin:enabled', async () => {});
    notifications.emit('plugin:enabled', key);
    await new Promise(setImmediate);
    expect(errors).toEqual([rejected]);
  });
});
