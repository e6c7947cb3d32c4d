import mitt, { type Emitter } from 'mitt';
import type { PluginKey } from '../foundation/plugin-key.js';
import { toPromise } from '../foundation/thenable.js';
import type { Alert } from './fault-policy.js';

/** What the host tells the application about itself: `host.on('plugin:enabled', …)`. */
export type HostNotificationMap = {
  'plugin:installed': PluginKey & { version: string };
  'plugin:uninstalled': PluginKey & { deleteData: boolean };
  'plugin:loaded': PluginKey;
  'plugin:unloaded': PluginKey;
  'plugin:enabled': PluginKey;
  'plugin:disabled': PluginKey;
  'plugin:error': Alert;
};

export type HostNotification = keyof HostNotificationMap;

/** mitt in the middle: these notifications need neither settling nor budgets (design decision 40). */
export class HostNotifications {
  readonly #emitter: Emitter<HostNotificationMap> = mitt<HostNotificationMap>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Returns the function that ends the subscription. What `handler` throws, or rejects with, goes to `onError`. */
  on<N extends HostNotification>(name: N, handler: (data: HostNotificationMap[N]) => void): () => void {
    const contained = (data: HostNotificationMap[N]): void => {
      try {
        toPromise(handler(data))?.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    };
    this.#emitter.on(name, contained);
    return () => this.#emitter.off(name, contained);
  }

  emit<N extends HostNotification>(name: N, data: HostNotificationMap[N]): void {
    this.#emitter.emit(name, data);
  }
}
