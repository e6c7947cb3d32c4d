import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isHostError } from '@verifywise/plugin-host';
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
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--help');
  if (unknown !== undefined) console.error(`Unknown option ${unknown}.`);
  if (args.length > 0) {
    console.log(`${name}: ${HELP}`);
    process.exit(unknown === undefined ? 0 : 2);
  }
  let running: RunningExample | undefined;
  try {
    running = await start(readSettings(process.env, (message) => console.warn(message)));
    if (!running.server.listening) await once(running.server, 'listening');
  } catch (error) {
    console.error(inWords(error));
    // The port may be taken when everything else, an embedded database included, is up already.
    await running?.close();
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

/** What the reader can do something about is said without a stack. */
function inWords(error: unknown): unknown {
  if (error instanceof SettingsError) return error.message;
  if (isHostError(error)) return `${error.code}: ${error.message}\n${error.hint}`;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? message : error;
}
