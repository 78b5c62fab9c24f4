import type { RequestHandler } from 'express';
import { docsPage, landingPage } from './docs-page';
import { openApiOf } from './openapi';
import { type Route, sendJson } from '../http/route';

// No script and nothing from elsewhere, and nobody may put it into a frame.
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const answerPage =
  (html: string): RequestHandler =>
  (_request, response) => {
    response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY }).end(html);
  };

/** The API's description, as a document and as a page, and the page that leads there. @param described all routes of the API */
export function pageRoutes(described: readonly Route[]): Route[] {
  const document = openApiOf(described);
  const page = { method: 'get', access: 'admin-page', takesJson: false } as const;
  const description = { summary: '', tag: 'Pages', answers: {} };
  return [
    {
      ...page,
      path: '/openapi.json',
      description,
      handle: (_request, response) => sendJson(response, 200, document),
    },
    { ...page, path: '/docs', description, handle: answerPage(docsPage(document)) },
    { ...page, path: '/', description, handle: answerPage(landingPage()) },
  ];
}
