/** Text as it may stand anywhere in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
a{color:#0b57d0}code,pre{font:13px/1.45 ui-monospace,monospace}pre{background:#f5f6f8;padding:.75rem;overflow:auto;border-radius:6px}
h2{margin-top:2.5rem;border-bottom:1px solid #d8dce1}summary{cursor:pointer;padding:.35rem 0}
.method{display:inline-block;min-width:4.5rem;font-weight:600}.muted{color:#59636e}
@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#14171a}a{color:#8ab4f8}pre{background:#1f2429}h2{border-color:#363c43}.muted{color:#9aa4af}}`;

/** A page that needs nothing from elsewhere. @param body HTML */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}
