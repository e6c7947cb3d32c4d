import { createExpressAdapter } from '@verifywise/plugin-host-express';
import { type AppRequest, createExampleApp, failure, runExample } from 'example-app';
import express, { type NextFunction, type Request, type Response } from 'express';

await runExample('express-host', async (settings) => {
  const app = await createExampleApp(settings);
  const web = express();
  web.disable('x-powered-by');

  // Before the body parser: plugins are given the bytes as they came.
  web.use(createExpressAdapter(app.plugins).routes);
  web.use(express.json());

  web.get('/healthz', async (_request, response) => {
    const { status, body } = await app.health();
    response.status(status).json(body);
  });

  for (const route of app.routes) {
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';
    web[method](route.path, async (request, response) => {
      const identity = app.identify(request.headers.authorization);
      const answer = identity
        ? await route.handle({ identity, params: request.params as AppRequest['params'], body: request.body })
        : failure(401, 'NOT_SIGNED_IN', 'You are not signed in.', 'Send a bearer token.');
      response.status(answer.status).json(answer.body);
    });
  }

  web.use((request, response) => {
    const { status, body } = failure(
      404,
      'ROUTE_NOT_FOUND',
      `There is no ${request.method} ${request.path}.`,
      'Check the address.',
    );
    response.status(status).json(body);
  });
  web.use(
    (error: Error & { status?: number }, _request: Request, response: Response, _next: NextFunction) => {
      if (!error.status || error.status >= 500) console.error(error);
      const { status, body } = failure(
        error.status ?? 500,
        'REQUEST_FAILED',
        error.status ? error.message : 'Something went wrong.',
        'Check the request.',
      );
      response.status(status).json(body);
    },
  );

  const server = web.listen(settings.port, settings.host);
  return { server, close: app.close };
});
