import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readAll } from '../testing/http-adapter/http-client.js';
import { httpAdapterContract } from '../testing/http-adapter-contract.js';
import type { HostHttp } from './host-http.js';
import { exchangeHttp, isHostUrl, writeHostResponse } from './node-http.js';

/** The least a host needs around it: Node's own server. */
async function mountNode(http: HostHttp) {
  const server = createServer(async (message, out) => {
    const { url = '/' } = message;
    if (!isHostUrl(url)) return application(message, out);
    const { remoteAddress } = message.socket;
    const facts = { url, originalUrl: url, ip: remoteAddress, protocol: 'http', raw: message };
    writeHostResponse(await exchangeHttp(http, { message, out, ...facts }), out);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function application(message: IncomingMessage, out: ServerResponse): Promise<void> {
  if (message.url !== '/application') {
    out.writeHead(404).end();
  } else if (message.method === 'POST') {
    out.end(JSON.stringify({ received: JSON.parse((await readAll(message)).toString()) }));
  } else {
    out.end('application');
  }
}

httpAdapterContract('Node’s own server', mountNode);
