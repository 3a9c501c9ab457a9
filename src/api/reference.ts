import { type FaultCode, type FaultKind, faults } from '@patchbay/kit'
import type { FastifyInstance } from 'fastify'
import { escapeHtml, page } from './page.ts'

/** The page that a problem's `type` leads to, made from the table of faults. */
export function serveReference(app: FastifyInstance): void {
  const rows = faultTable.map(
    ({ code, ...kind }) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${kind.status}</td><td>${kind.fixedBy}</td><td>${kind.retry}</td><td>${escapeHtml(kind.says)}</td></tr>`,
  )
  const html = page({
    title: 'Faults',
    wide: true,
    body: `<h1>Faults</h1><p>${faultsIntroduction}</p>
<div class="scroll"><table><thead><tr><th>Code</th><th>Status</th><th>Fixed by</th><th>Retry</th><th>What it says</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
  })
  app.get('/reference/faults', { schema: { hide: true } }, async (_request, reply) =>
    reply.headers(html.headers).type('text/html; charset=utf-8').send(html.text),
  )
}

/** Every fault there is, for this page and for `docs/reference/faults.md`. */
export const faultTable = Object.entries(faults).map(([code, kind]) => ({
  code: code as FaultCode,
  ...(kind as FaultKind),
}))

export const faultsIntroduction =
  'Every way a request or a run can stop, who can end the trouble, and whether trying again helps.'
