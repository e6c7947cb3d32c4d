import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSettings, type Settings, SettingsError } from './settings.js';

/** What a framework's `main` gives back: its server, and how to let go of everything else. */
export interface RunningExample {
  readonly server: Server;
  close(): Promise<void>;
}

const HELP = `An example application with the plugin host. It is configured by its environment:
  PORT                  default 3000; 0 picks a free one      HOST                 default 127.0.0.1
  DATABASE_URL          Postgres; default: an embedded one    DATA_DIR             default: a temporary folder
  PLUGIN_REGISTRY_URL   default: the example registry         PLUGIN_ALLOWED_HOSTS further hosts for downloads
  PLUGIN_SECRETS_KEY    32 bytes, hex or base64               HOST_VERSION         default 1.7.0
  DEV_TOKENS            JSON: bearer token → {tenant, user, isAdmin}
Default tokens: admin-acme, user-acme, admin-globex, user-globex.`;

/** Starts an example host, prints one line when it is ready, and stops it cleanly on SIGTERM or SIGINT. */
export async function runExample(
  name: string,
  start: (settings: Settings) => Promise<RunningExample>,
): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(`${name}: ${HELP}`);
    return;
  }
  let running: RunningExample;
  try {
    running = await start(readSettings(process.env, (message) => console.warn(message)));
    if (!running.server.listening) await once(running.server, 'listening');
  } catch (error) {
    console.error(error instanceof SettingsError ? error.message : error);
    process.exit(1);
  }
  const { server, close } = running;
  const { address, port } = server.address() as AddressInfo;
  console.log(`listening on http://${address.includes(':') ? `[${address}]` : address}:${port}`);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    server.close();
    server.closeIdleConnections();
    try {
      await close();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}
