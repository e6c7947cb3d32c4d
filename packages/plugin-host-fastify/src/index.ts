export { type FastifyPluginHostOptions, fastifyPluginHost, type HttpHost } from './fastify-adapter.js';
