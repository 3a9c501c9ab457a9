import { type App, acceptsRedirect } from './apps.ts'
import { consentPage, refusalPage } from './consent-page.ts'
import type { OAuthCall } from './oauth.ts'
import { type Outgoing, page, redirect } from './outgoing.ts'

/** The page that asks the artist. What is wrong with app or redirect address is shown here and never sent anywhere (RFC 9700, 4.11). */
export function showConsent(call: OAuthCall): Outgoing {
  const asked = readAuthorization(call)
  if ('answer' in asked) return asked.answer
  const { provider, personas, incoming } = call
  const search = incoming.url.searchParams.get('persona') ?? ''
  const found = personas.search(search)
  const shown = found.slice(0, mostShown).map((artist) => ({ artist, account: personas.account(provider, artist) }))
  call.entry.outcome = 'answered'
  return page(200, consentPage({ provider, ...asked, shown, found: found.length, search, address: incoming.url }))
}

/**
 * The artist's answer: back to the app with a code, or without. A script does what the page does: it posts `persona` (an artist's key),
 * `decision=allow` and one `scope` for each permission to `<authorize address>/decide`, with the query of the page.
 */
export function decideConsent(call: OAuthCall): Outgoing {
  const asked = readAuthorization(call)
  if ('answer' in asked) return asked.answer
  const { provider, incoming, grants, personas, now, entry } = call
  const { app, scopes, redirectUri, challenge } = asked
  if (incoming.form.get('decision') !== 'allow')
    return back(call, redirectUri, { error: 'access_denied', error_description: 'The user denied the request' })
  const artist = personas.artist(incoming.form.get('persona'))
  if (!artist) return refuse(call, 'Choose whose account it is, then allow.', 'no_persona')
  const ticked = incoming.form.getAll('scope')
  // A script that names no scope gives all. On the page the boxes were shown: none ticked means none.
  const all = ticked.length === 0 && !incoming.form.has('boxes')
  const code = grants.giveCode(
    {
      provider: provider.id,
      app: app.clientId,
      artist: artist.key,
      kind: 'person',
      scopes: all ? scopes : scopes.filter((scope) => ticked.includes(scope)),
      redirectUri,
      challenge,
      offline: provider.emulator.oauth?.offline?.(incoming.url.searchParams) ?? true,
    },
    call.rules.of(provider),
    now,
  )
  entry.artist = artist.key
  return back(call, redirectUri, { code })
}

/** Personas at once. */
const mostShown = 50

interface Authorization {
  readonly app: App
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly challenge: string | null
}

function readAuthorization(call: OAuthCall): Authorization | { answer: Outgoing } {
  const { provider, incoming, apps, entry } = call
  const query = incoming.url.searchParams
  const clientId = query.get('client_id')
  const app = apps.find(provider.id, clientId)
  if (!app) {
    const problem = `${provider.name} knows no app with the client id “${clientId ?? ''}”.`
    return { answer: refuse(call, problem, 'client_id') }
  }
  entry.app = app.clientId
  const redirectUri = query.get('redirect_uri')
  if (!acceptsRedirect(app, redirectUri)) {
    const problem = `The redirect address “${redirectUri ?? ''}” is not registered for the app ${app.name}.`
    return { answer: refuse(call, problem, 'redirect_uri') }
  }
  const wrong = (error: string, description: string) => ({
    answer: back(call, redirectUri, { error, error_description: description }),
  })
  if (query.get('response_type') !== 'code') return wrong('unsupported_response_type', 'Only response_type=code')
  const challenge = query.get('code_challenge')
  const checked = provider.auth.scheme === 'oauth2' && provider.auth.pkce === 'S256'
  if (checked && challenge !== null && query.get('code_challenge_method') !== 'S256')
    return wrong('invalid_request', 'Only code_challenge_method=S256')
  const scopes = [...new Set((query.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scope !== ''))]
  return { app, redirectUri, scopes, challenge: checked ? challenge : null }
}

/** To the app's address, with state and issuer. What the provider adds to its codes comes last and raw: it is usually a fragment. */
function back({ provider, incoming, entry }: OAuthCall, redirectUri: string, result: Record<string, string>): Outgoing {
  const url = new URL(redirectUri)
  const state = incoming.url.searchParams.get('state')
  if (state !== null) url.searchParams.set('state', state)
  if (provider.auth.scheme === 'oauth2' && provider.auth.issuer) url.searchParams.set('iss', provider.auth.issuer)
  for (const [name, value] of Object.entries(result)) url.searchParams.set(name, value)
  entry.outcome = 'answered'
  entry.why = result.error
  return redirect(url.href + (result.code ? (provider.emulator.oauth?.codeSuffix ?? '') : ''))
}

function refuse({ entry, provider }: OAuthCall, problem: string, why: string): Outgoing {
  entry.outcome = 'refused'
  entry.why = why
  return page(400, refusalPage({ provider, problem }))
}
