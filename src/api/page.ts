import { createHash } from 'node:crypto'

/** A small page that needs no script: the connect pages and the reference. The console is an application of its own. */
export function page(options: { title: string; body: string; wide?: boolean; formTargets?: readonly string[] }): {
  text: string
  headers: Record<string, string>
} {
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(options.title)} · Patchbay</title>
<style>${styles}</style>
</head>
<body${options.wide ? ' class="wide"' : ''}>
<main>
${options.body}
</main>
</body>
</html>`
  return { text, headers: { 'content-security-policy': policy(options.formTargets ?? []) } }
}

/** A form that leads to a provider's page is redirected there, and browsers hold `form-action` against the redirect too. */
function policy(formTargets: readonly string[]): string {
  return `default-src 'none'; style-src 'sha256-${styleHash}'; img-src 'self' https: data:; form-action ${["'self'", ...formTargets].join(' ')}; base-uri 'none'; frame-ancestors 'none'`
}

/** Text from anywhere, made harmless in HTML and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const styles = `
:root{color-scheme:light dark;--ground:#f6f5f2;--card:#fff;--ink:#1d1c1a;--soft:#6a675f;--line:#dedad1;--accent:#0b6e5f;--on-accent:#fff;--warn:#8a4b00;--warn-ground:#fff4e0}
@media (prefers-color-scheme:dark){:root{--ground:#141412;--card:#1e1d1b;--ink:#f0eee9;--soft:#a29d92;--line:#35332e;--accent:#4fc3ae;--on-accent:#08201c;--warn:#ffc670;--warn-ground:#33260f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;display:grid;justify-items:center;min-height:100vh;padding:clamp(12px,4vw,48px)}
main{width:100%;max-width:30rem;align-self:start;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(16px,5vw,32px)}
.wide main{max-width:70rem}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
.soft,small{color:var(--soft)}
a{color:var(--accent)}
ul.tiles{list-style:none;margin:1rem 0 0;padding:0;display:grid;gap:10px}
.tile{border:1px solid var(--line);border-radius:10px;padding:12px 14px;display:block;width:100%;text-align:left;background:none;color:inherit;font:inherit;text-decoration:none}
.tile:hover,.tile:focus-visible{border-color:var(--accent)}
.tile strong{display:block}
summary{cursor:pointer;list-style:none;display:grid;grid-template-columns:1fr auto}
summary::-webkit-details-marker{display:none}
summary span{grid-column:1}
summary::after{content:'+';grid-column:2;grid-row:1/3;font-size:1.4rem;line-height:1;color:var(--accent);align-self:center}
[open]>summary::after{content:'–'}
label{display:block;margin:.9rem 0;font-weight:600}
label small{display:block;font-weight:400}
input,select{display:block;width:100%;margin-top:.3rem;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:8px}
button{cursor:pointer}
.primary{display:inline-block;margin-top:1rem;padding:.65rem 1.1rem;border:0;border-radius:9px;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-decoration:none}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.note{background:var(--warn-ground);color:var(--warn);border-radius:9px;padding:.6rem .8rem;margin:.8rem 0}
span.note{display:block;font-weight:400}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
code{font-size:.9em}
`.trim()
const styleHash = createHash('sha256').update(styles).digest('base64')
