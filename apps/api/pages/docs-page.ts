import { escapeHtml, htmlPage } from './html';
import type { OpenApi, Operation } from './openapi';

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
