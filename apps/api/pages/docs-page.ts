import type { OpenApi, Operation } from './openapi';

/** Text as it may stand anywhere in HTML. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
a{color:#0b57d0}code,pre{font:13px/1.45 ui-monospace,monospace}pre{background:#f5f6f8;padding:.75rem;overflow:auto;border-radius:6px}
h2{margin-top:2.5rem;border-bottom:1px solid #d8dce1}summary{cursor:pointer;padding:.35rem 0}
.method{display:inline-block;min-width:4.5rem;font-weight:600}.muted{color:#59636e}
@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#14171a}a{color:#8ab4f8}pre{background:#1f2429}h2{border-color:#363c43}.muted{color:#9aa4af}}`;

/** A page that needs nothing from elsewhere. @param body HTML */
function htmlPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

const json = (value: unknown): string => `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;

function parametersHtml({ parameters }: Operation): string {
  if (parameters.length === 0) return '';
  const items = parameters.map(
    ({ name, in: place, schema }) =>
      `<li><code>${escapeHtml(name)}</code> <span class="muted">(${place})</span> <code>${escapeHtml(JSON.stringify(schema))}</code></li>`,
  );
  return `<h4>Parameters</h4><ul>${items.join('')}</ul>`;
}

function bodyHtml({ requestBody }: Operation): string {
  return requestBody === undefined
    ? ''
    : `<h4>Body</h4>${json(requestBody.content['application/json']?.schema)}`;
}

function responsesHtml({ responses }: Operation): string {
  return Object.entries(responses)
    .map(([status, { description, content }]) => {
      const schema = Number(status) < 300 ? content?.['application/json']?.schema : undefined;
      return `<h4>${status} <span class="muted">${escapeHtml(description)}</span></h4>${schema ? json(schema) : ''}`;
    })
    .join('');
}

function operationHtml(path: string, method: string, operation: Operation): string {
  return `<details id="${escapeHtml(operation.operationId)}"><summary><span class="method">${method.toUpperCase()}</span>
<code>${escapeHtml(path)}</code> <span class="muted">${escapeHtml(operation.summary)}</span></summary>
${parametersHtml(operation)}${bodyHtml(operation)}${responsesHtml(operation)}</details>`;
}

/** The API's description as a page, with everything in it. */
export function docsPage({ info, paths, components }: OpenApi): string {
  const byTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = ''] = operation.tags;
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(path, method, operation)]);
    }
  }
  const sections = [...byTag].map(([tag, parts]) => `<h2>${escapeHtml(tag)}</h2>${parts.join('')}`);
  const schemas = Object.entries(components['schemas'] ?? {}).map(
    ([name, schema]) =>
      `<details><summary><code>${escapeHtml(name)}</code></summary>${json(schema)}</details>`,
  );
  return htmlPage(
    `${info.title}: API`,
    `<h1>${escapeHtml(info.title)}</h1><p>${escapeHtml(info.description)} <a href="/openapi.json">OpenAPI document</a></p>
${sections.join('')}<h2>Schemas</h2>${schemas.join('')}`,
  );
}

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
