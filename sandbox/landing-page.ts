import { escapeHtml, wholePage } from './consent-page.ts'
import type { indexOf } from './control.ts'

/** What a person sees who opens the sandbox in a browser: the same as the JSON index, in words. */
export function landingPage(index: ReturnType<typeof indexOf>): string {
  const link = (url: string, text = url) => `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`
  return wholePage(
    'Patchbay sandbox',
    `<h1><b>A pretend internet</b></h1>
<p>The real <code>https://HOST/PATH</code> is <code>${escapeHtml(index.origin)}/HOST/PATH</code> here. Its clock shows ${escapeHtml(index.at)}, and ${index.artists} made-up artists live in it.</p>
<h2>Platforms</h2>
<ul>${index.providers.map(({ name, scheme }) => `<li>${escapeHtml(name)} <small>${escapeHtml(scheme)}</small></li>`).join('')}</ul>
<h2>Hosts</h2>
<ul>${index.hosts.map((url) => `<li><code>${escapeHtml(url)}</code></li>`).join('')}</ul>
<h2>Control</h2>
<ul>${index.control.map(({ url, summary }) => `<li>${link(url, url.split('/').at(-1))}: ${escapeHtml(summary)}</li>`).join('')}</ul>
<h2>Consent without a browser</h2>
<p>${escapeHtml(index.consent)}</p>`,
  )
}
