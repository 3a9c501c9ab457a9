import type { Definition } from './definition.ts'

/**
 * What a new version of a definition takes away from what is connected: a stream, a number, an action; or asks for more: a permission, an answer. One
 * sentence each, for whoever replaces it.
 */
export function whatNarrows(before: Definition, after: Definition): string[] {
  const said: string[] = []
  for (const [name, old] of Object.entries(before.streams)) {
    const stream = after.streams[name]
    if (!stream) {
      said.push(`The stream ${name} is gone: what it read stays, and nothing new comes.`)
      continue
    }
    const metrics = new Set(stream.observations?.map(({ metric }) => metric))
    for (const metric of new Set(old.observations?.map(({ metric }) => metric)))
      if (!metrics.has(metric)) said.push(`${name} no longer reads ${metric}.`)
    for (const kind of new Set(old.items?.map(({ kind }) => kind)))
      if (!stream.items?.some((item) => item.kind === kind)) said.push(`${name} no longer reads items of kind ${kind}.`)
    for (const scope of added(old.scopes, stream.scopes))
      said.push(
        `${name} needs the permission ${scope} now: accounts that have not granted it cannot be read until they connect again.`,
      )
  }
  for (const name of Object.keys(before.actions ?? {}))
    if (!after.actions?.[name]) said.push(`The action ${name} is gone.`)
  for (const scope of added(scopesOf(before), scopesOf(after)))
    said.push(`Whoever connects from now on is asked for the permission ${scope}.`)
  for (const [name, { required }] of Object.entries(after.inputs ?? {}))
    if (required && !before.inputs?.[name]?.required)
      said.push(`Whoever connects from now on has to answer "${name}"; those who are connected were not asked.`)
  for (const [name, { required }] of Object.entries(after.settings ?? {}))
    if (required && !before.settings?.[name]?.required) said.push(`Its integrations need the setting "${name}" now.`)
  for (const { id, limit } of before.api.quotas) {
    const quota = after.api.quotas.find((one) => one.id === id)
    if (quota && quota.limit < limit) said.push(`The quota ${id} falls from ${limit} to ${quota.limit}.`)
  }
  return said
}

/**
 * What may not change while credentials are kept: how accounts are authorized, and to which hosts that leads. Otherwise whoever may replace a definition
 * could have every stored token sent to an address of their own.
 */
export function whatMoves(before: Definition, after: Definition): string[] {
  const said: string[] = []
  if (before.auth.scheme !== after.auth.scheme)
    said.push(`auth.scheme changes from ${before.auth.scheme} to ${after.auth.scheme}`)
  const known = new Set(hostsThatSeeCredentials(before))
  for (const host of new Set(hostsThatSeeCredentials(after)))
    if (!known.has(host)) said.push(`credentials would be sent to ${host}`)
  return said
}

function hostsThatSeeCredentials({ auth, api }: Definition): string[] {
  const addresses = [api.baseUrl, ...Object.values(api.hosts ?? {})]
  if (auth.scheme === 'client_credentials') addresses.push(auth.tokenUrl)
  if (auth.scheme === 'oauth2') {
    const { tokenUrl, revokeUrl, lengthen, refresh, app } = auth
    addresses.push(tokenUrl)
    if (revokeUrl) addresses.push(revokeUrl)
    if (lengthen) addresses.push(lengthen.url)
    if (refresh.model === 'extends') addresses.push(refresh.request.url)
    if (app?.kind === 'client_credentials') addresses.push(app.tokenUrl)
  }
  return addresses.map((address) => new URL(address).host)
}

const scopesOf = ({ auth }: Definition) => (auth.scheme === 'oauth2' ? auth.scopes.always : [])

const added = (before: readonly string[] = [], after: readonly string[] = []) =>
  after.filter((one) => !before.includes(one))
