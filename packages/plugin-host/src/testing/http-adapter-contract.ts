import { describe } from 'vitest';
import { connectionContract } from './http-adapter/connection-contract.js';
import type { MountHost } from './http-adapter/mounted-host.js';
import { pluginAnswersContract } from './http-adapter/plugin-answers-contract.js';
import { pluginRoutesContract } from './http-adapter/plugin-routes-contract.js';
import { requestContract } from './http-adapter/request-contract.js';
import { responseContract } from './http-adapter/response-contract.js';

export type { MountHost } from './http-adapter/mounted-host.js';

/**
 * What every adapter must do, as a vitest suite on real sockets:
 * `httpAdapterContract('fastify', mountFastify)` at the top of a test file.
 *
 * `mount` serves the given host inside an application as {@link MountHost} describes it.
 */
export function httpAdapterContract(name: string, mount: MountHost): void {
  describe(`the HTTP contract, by ${name}`, () => {
    requestContract(mount);
    responseContract(mount);
    connectionContract(mount);
    pluginRoutesContract(mount);
    pluginAnswersContract(mount);
  });
}
