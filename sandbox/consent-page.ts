import type { Artist, EmulatedAccount, Provider } from '@patchbay/kit'
import type { App } from './apps.ts'

/**
 * The page on which a pretend artist says yes or no. It needs no script: the search is a form that asks for the same page, the answer a form
 * that posts to the same address with `/decide` behind it. Both addresses are relative, so that they stay in the sandbox wherever that is.
 */
export function consentPage(options: {
  provider: Provider
  app: App
  scopes: readonly string[]
  /** The first of those that were found. */
  shown: readonly { artist: Artist; account: EmulatedAccount }[]
  found: number
  search: string
  address: URL
}): string {
  const { provider, app, scopes, shown, found, search, address } = options
  const here = address.pathname.split('/').at(-1) ?? ''
  const chosen = shown.find(({ artist }) => artist.key === search) ?? (shown.length === 1 ? shown[0] : undefined)
  return wholePage(
    `${app.name} wants access to ${provider.name}`,
    `<p class="provider"><span aria-hidden="true">${escapeHtml([...provider.name][0] ?? '')}</span>${escapeHtml(provider.name)}</p>
<h1><b>${escapeHtml(app.name)}</b> asks for access to an account on ${escapeHtml(provider.name)}</h1>

<form method="get" action="${escapeHtml(`./${here}`)}" role="search">
${[...address.searchParams]
  .filter(([name]) => name !== 'persona')
  .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
  .join('\n')}
<label for="search">Whose account?</label>
<div class="row"><input id="search" type="search" name="persona" value="${escapeHtml(search)}" placeholder="Name, genre or country" autocomplete="off">
<button class="quiet">Search</button></div>
</form>

<form method="post" action="${escapeHtml(`./${here}/decide${address.search}`)}">
<input type="hidden" name="boxes" value="1">
<fieldset class="personas"><legend class="hidden">Accounts</legend>
${shown.map(({ artist, account }) => personaRow(artist, account, artist === chosen?.artist)).join('\n')}
${shown.length === 0 ? '<p class="none">Nobody here is called that.</p>' : ''}
</fieldset>
<p class="count">${shown.length} of ${found}${found > shown.length ? ': search to see others' : ''}</p>
${scopes.length > 0 ? `<fieldset><legend>${escapeHtml(app.name)} may</legend>\n${scopes.map(scopeRow).join('\n')}\n</fieldset>` : ''}
<div class="answer"><button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
<button name="decision" value="allow">Allow</button></div>
</form>`,
  )
}

/** Shown when app or redirect address is not what it should be: such an answer is never sent anywhere. */
export function refusalPage({ provider, problem }: { provider: Provider; problem: string }): string {
  return wholePage(
    `This cannot go on: ${provider.name}`,
    `<p class="provider"><span aria-hidden="true">${escapeHtml([...provider.name][0] ?? '')}</span>${escapeHtml(provider.name)}</p>
<h1>This cannot go on</h1>
<p>${escapeHtml(problem)}</p>
<p class="count">Go back to the app you came from. Whoever runs it can see and change the apps of this sandbox at <code>/_sandbox/apps</code>.</p>`,
  )
}

const personaRow = (artist: Artist, account: EmulatedAccount, chosen: boolean): string =>
  `<label class="persona"><input type="radio" name="persona" value="${escapeHtml(artist.key)}" required${chosen ? ' checked' : ''}>
<span><b>${escapeHtml(account.name)}</b><small>${escapeHtml([account.handle, artist.genre, artist.country].filter(Boolean).join(' · '))}</small></span></label>`

/** Where a scope is an address, its last part says what it is. */
const scopeRow = (scope: string): string =>
  `<label class="scope"><input type="checkbox" name="scope" value="${escapeHtml(scope)}" checked><span>${escapeHtml(scope.split('/').at(-1) || scope)}${scope.includes('/') ? `<small>${escapeHtml(scope)}</small>` : ''}</span></label>`

/** A whole page in the sandbox's look, with the notice that nothing here is real. */
export const wholePage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} – sandbox</title>
<style>${style}</style>
</head>
<body>
<p class="sandbox"><b>This is the sandbox.</b> The people are made up, and nothing here reaches a real platform.</p>
<main>
${body}
</main>
</body>
</html>
`

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const style = `
:root { --page: #f4f4f1; --card: #fff; --text: #1c1c1a; --faint: #62625c; --line: #dcdcd5; --accent: #1f5f4f; --on-accent: #fff; --notice: #fbeec2; --on-notice: #574400 }
@media (prefers-color-scheme: dark) {
  :root { --page: #161715; --card: #20221f; --text: #ecece6; --faint: #a3a49b; --line: #383a35; --accent: #7fd1b9; --on-accent: #0f2019; --notice: #3d3413; --on-notice: #f4e3a8 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
.sandbox { margin: 0; padding: .6rem 1rem; background: var(--notice); color: var(--on-notice); text-align: center; font-size: .9rem }
main { max-width: 30rem; margin: 1.5rem auto; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .9rem }
@media (max-width: 32rem) { main { margin: 0; padding: 1.1rem; border: 0; border-radius: 0 } }
h1 { margin: 0 0 1.2rem; font-size: 1.25rem; font-weight: 400; line-height: 1.35 }
.provider { display: flex; align-items: center; gap: .6rem; margin: 0 0 .8rem; color: var(--faint) }
.provider span { display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: .5rem; background: var(--accent); color: var(--on-accent); font-weight: 700 }
label { display: block }
.row { display: flex; gap: .5rem; margin-top: .3rem }
input[type=search] { flex: 1; min-width: 0; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--page); color: inherit; font: inherit }
fieldset { margin: 1.1rem 0 0; padding: 0; border: 0; min-width: 0 }
legend { padding: 0; margin-bottom: .3rem }
.personas { max-height: 17rem; overflow-y: auto; border: 1px solid var(--line); border-radius: .5rem }
.persona, .scope { display: flex; gap: .7rem; align-items: start; padding: .55rem .7rem; cursor: pointer }
.scope { padding-left: 0; padding-right: 0 }
.persona + .persona { border-top: 1px solid var(--line) }
.persona:hover, .persona:has(:checked) { background: var(--page) }
.persona b { display: block; font-weight: 600 }
.persona small, .scope small { display: block; color: var(--faint) }
input[type=radio], input[type=checkbox] { margin: .3rem 0 0; accent-color: var(--accent); flex: none }
.none { margin: 0; padding: 1rem }
.count { margin: .3rem 0 0; color: var(--faint); font-size: .9rem }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
button { padding: .6rem 1.2rem; border: 1px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer }
button.quiet { background: none; border-color: var(--line); color: inherit; font-weight: 400 }
.answer { display: flex; justify-content: end; gap: .6rem; margin-top: 1.4rem }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
code, pre { font: .9em ui-monospace, monospace }
pre { overflow-x: auto; padding: .8rem; background: var(--page); border-radius: .5rem }
a { color: var(--accent) }
`
