import { htmlPage } from './html';

/** What stands at `/`: what this is, and where to go on. */
export function landingPage(): string {
  return htmlPage(
    'Segment Engine',
    `<h1>Segment Engine</h1>
<p>Events in, segment transitions and automations out.</p>
<ul>
<li><a href="/docs">API reference</a> (<a href="/openapi.json">OpenAPI document</a>)</li>
<li><a href="/admin/queues">Queues</a></li>
<li><a href="/readyz">Readiness</a>, <a href="/healthz">health</a>, <a href="/metrics">metrics</a></li>
</ul>`,
  );
}
