import { Readable } from 'node:stream';
import type { HostResponse } from '@verifywise/plugin-host';
import { dropBody, exchangeHttp, type HostHttp, isBodiless, toBytes } from '@verifywise/plugin-host';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';

/** The part of a plugin host that an adapter needs. */
export interface HttpHost {
  readonly http: HostHttp;
}

export interface FastifyPluginHostOptions {
  readonly host: HttpHost;
}

/**
 * Binds a plugin host to Fastify 5: `await app.register(fastifyPluginHost, { host })`.
 *
 * Registers `/api/plugins`, `/api/marketplace` and all below them, in a scope of its own: the application's
 * routes, body parsers and hooks are as they were, and its hooks (`onRequest`, `onSend`, …) run here as well.
 * Address and protocol of the client are what Fastify's `trustProxy` makes of them.
 */
export const fastifyPluginHost: FastifyPluginAsync<FastifyPluginHostOptions> = async (scope, { host }) => {
  const untyped = new WeakSet<FastifyReply>();

  // The body stays a stream: the host itself reads, limits and parses it.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  // Fastify types whatever it sends; what the host left without a type leaves without one.
  scope.addHook('onSend', async (_request, reply) => {
    if (untyped.has(reply)) reply.removeHeader('content-type');
  });

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const response = await exchangeHttp(host.http, {
      message: request.raw,
      out: reply.raw,
      ...(request.body instanceof Readable ? { stream: request.body } : {}),
      url: request.url.slice(scope.prefix.length),
      originalUrl: request.originalUrl,
      ip: request.ip,
      protocol: request.protocol,
      host: request.host,
      raw: request,
    });
    if (!reply.hasHeader('content-type') && !('content-type' in response.headers)) untyped.add(reply);
    return send(response, request, reply);
  };

  for (const area of ['/api/plugins', '/api/marketplace']) {
    scope.all(area, answer);
    scope.all(`${area}/*`, answer);
  }
};

/** Through Fastify, so that the application's `onSend` hooks see it; as bytes, since it edits text and objects. */
function send(
  { status, headers, body }: HostResponse,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  if (isBodiless(status) || body.kind === 'empty' || (body.kind === 'stream' && request.method === 'HEAD')) {
    dropBody(body);
    return reply.send();
  }
  if (body.kind !== 'stream') return reply.send(toBytes(body));
  // Headers go out with the first byte; an event stream may be silent for long.
  reply.raw.once('pipe', () => reply.raw.flushHeaders());
  return reply.send(body.stream);
}
