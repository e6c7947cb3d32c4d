export { createExpressAdapter, type ExpressAdapter, type HttpHost } from './express-adapter.js';
