import { fastifyPluginHost } from '@verifywise/plugin-host-fastify';
import { type AppRequest, createExampleApp, failure, runExample } from 'example-app';
import Fastify from 'fastify';

await runExample('fastify-host', async (settings) => {
  const app = await createExampleApp(settings);
  const web = Fastify({ forceCloseConnections: true });

  await web.register(fastifyPluginHost, { host: app.plugins });

  web.get('/healthz', async (_request, reply) => {
    const { status, body } = await app.health();
    return reply.code(status).send(body);
  });

  for (const route of app.routes) {
    web.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const identity = app.identify(request.headers.authorization);
        const answer = identity
          ? await route.handle({
              identity,
              params: request.params as AppRequest['params'],
              body: request.body,
            })
          : failure(401, 'NOT_SIGNED_IN', 'You are not signed in.', 'Send a bearer token.');
        return reply.code(answer.status).send(answer.body);
      },
    });
  }

  web.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    const { status, body } = failure(
      404,
      'ROUTE_NOT_FOUND',
      `There is no ${request.method} ${path}.`,
      'Check the address.',
    );
    return reply.code(status).send(body);
  });
  web.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) console.error(error);
    const message = status < 500 ? error.message : 'Something went wrong.';
    return reply.code(status).send(failure(status, 'REQUEST_FAILED', message, 'Check the request.').body);
  });

  try {
    await web.listen({ port: settings.port, host: settings.host });
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    server: web.server,
    close: async () => {
      await web.close();
      await app.close();
    },
  };
});
