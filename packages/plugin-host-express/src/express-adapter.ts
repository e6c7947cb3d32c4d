import { exchangeHttp, type HostHttp, isHostUrl, writeHostResponse } from '@verifywise/plugin-host';
import type { Request, RequestHandler, Response } from 'express';

/** The part of a plugin host that an adapter needs. */
export interface HttpHost {
  readonly http: HostHttp;
}

export interface ExpressAdapter {
  /**
   * Everything under `/api/plugins` and `/api/marketplace`. Mount it before any body parser, so that
   * signatures can be checked against the exact bytes: `app.use(plugins.routes)`. Every other request is passed
   * on untouched.
   */
  readonly routes: RequestHandler;
}

/**
 * Binds a plugin host to Express 5. Address and protocol of the client are what Express' `trust proxy` makes
 * of them.
 */
export function createExpressAdapter(host: HttpHost): ExpressAdapter {
  const answer = async (req: Request, res: Response): Promise<void> => {
    const { url, originalUrl, ip, protocol, host: askedFor } = req;
    const facts = { url, originalUrl, ip, protocol, host: askedFor };
    writeHostResponse(await exchangeHttp(host.http, { message: req, out: res, raw: req, ...facts }), res);
  };
  return {
    // Returns a promise for the host's own requests only: Express would wait for one on every request.
    routes: (req, res, next) => (isHostUrl(req.url) ? answer(req, res) : next()),
  };
}
