import type { Definition } from './definition.ts'

export interface Placed {
  readonly at: readonly (string | number)[]
  readonly text: string
}

/** Every expression of a definition, with where it stands. */
export function expressionsOf({ auth, api, identity, streams, actions = {} }: Definition): Placed[] {
  const found: Placed[] = []
  const take = (at: Placed['at'], all: object | undefined, names: readonly string[]) => {
    for (const [name, text] of Object.entries(all ?? {}))
      if (names.includes(name) && typeof text === 'string') found.push({ at: [...at, name], text })
  }
  const takeAll = (at: Placed['at'], all: object | undefined) => take(at, all, Object.keys(all ?? {}))

  if (auth.scheme === 'oauth2') {
    const { example: _, ...answer } = auth.answer ?? {}
    takeAll(['auth', 'answer'], answer)
  }
  take(['api', 'errors'], api.errors, ['reason', 'message', 'failed'])
  takeAll(['identity', 'subject'], identity.subject)
  take(['identity', 'accounts'], identity.accounts, ['rows', 'id', 'name', 'handle', 'url', 'imageUrl'])
  for (const [name, stream] of Object.entries(streams)) {
    const at = ['streams', name]
    take(at, stream, ['rows', 'removed'])
    take([...at, 'pages'], stream.pages, ['at', 'total'])
    take([...at, 'cursor'], stream.cursor, ['at'])
    for (const [i, one] of (stream.observations ?? []).entries()) {
      take([...at, 'observations', i], one, ['if', 'value', 'day', 'item'])
      takeAll([...at, 'observations', i, 'dimensions'], one.dimensions)
    }
    for (const [i, one] of (stream.items ?? []).entries()) {
      take([...at, 'items', i], one, ['if', 'id', 'title', 'url', 'imageUrl', 'publishedAt', 'durationMs'])
      takeAll([...at, 'items', i, 'identifiers'], one.identifiers)
    }
    for (const [i, one] of (stream.audiences ?? []).entries()) {
      take([...at, 'audiences', i], one, ['rows', 'value'])
      takeAll([...at, 'audiences', i, 'group'], one.group)
    }
    takeAll([...at, 'facts', 'identifiers'], stream.facts?.identifiers)
    takeAll([...at, 'facts', 'former'], stream.facts?.former)
    for (const [i, one] of (stream.facts?.links ?? []).entries()) take([...at, 'facts', 'links', i], one, ['at'])
  }
  for (const [name, action] of Object.entries(actions)) take(['actions', name], action, ['output'])
  return found
}
