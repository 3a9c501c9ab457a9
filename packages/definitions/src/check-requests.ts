import type { Say } from './check-definition.ts'
import type { Definition, RequestDefinition } from './definition.ts'
import { namesIn, textsOf } from './template.ts'

type At = readonly (string | number)[]

/** Every request names hosts that there are, asks only for values that will be there, and has an address that can be sent. */
export function checkRequests(definition: Definition, say: Say): void {
  const { identity, probe, streams, actions = {}, inputs = {}, settings = {} } = definition
  const settingNames = Object.keys(settings).map((name) => `settings.${name}`)
  const inputNames = Object.keys(inputs).map((name) => `inputs.${name}`)
  const check = (request: RequestDefinition, names: readonly string[], at: At) =>
    checkRequest(definition, request, names, { say, at })

  check(identity.request, [...inputNames, ...settingNames], ['identity', 'request'])
  for (const name of namesOr([], identity.request.path)) {
    const [group, field = ''] = name.split('.')
    if (group === 'inputs' && inputs[field] && !inputs[field].required)
      say(['inputs', field, 'required'], 'the path of identity needs it, so it has to be required')
  }
  if (probe) check(probe, settingNames, ['probe'])
  for (const [name, stream] of Object.entries(streams)) {
    const own = [...(stream.days ? ['from', 'to'] : []), ...(stream.cursor ? ['cursor'] : [])]
    const names = ['account.id', 'account.name', 'account.handle', ...settingNames, ...own]
    check(stream.request, names, ['streams', name, 'request'])
    const asked = new Set(textsOf(stream.request).flatMap(({ text }) => namesOr([], text)))
    if (stream.cursor && !asked.has('cursor'))
      say(['streams', name, 'cursor'], 'nothing in its request says {cursor}, so every run reads everything', 'warning')
    if (stream.days && !asked.has('from'))
      say(['streams', name, 'days'], 'nothing in its request says {from}, so days change nothing', 'warning')
  }
  for (const [name, { request, input }] of Object.entries(actions))
    check(request, [...Object.keys(input).map((one) => `input.${one}`), 'key'], ['actions', name, 'request'])
  for (const [name, text] of Object.entries(definition.api.headers ?? {}))
    if (namesOr(['?'], text).length > 0)
      say(['api', 'headers', name], 'headers of every call are sent as they are: nothing is filled in here')
}

function checkRequest(
  { api, auth }: Definition,
  request: RequestDefinition,
  names: readonly string[],
  { say, at }: { say: Say; at: At },
): void {
  if (request.host !== undefined && !api.hosts?.[request.host])
    say([...at, 'host'], `api.hosts has no "${request.host}"`)
  if (request.as === 'app' && !(auth.scheme === 'oauth2' && auth.app))
    say([...at, 'as'], 'only an oauth2 "auth" with an "app" has a right of the app’s own')
  if (request.body !== undefined && request.form) say([...at, 'form'], 'a request has a body or a form, not both')
  if ((request.method ?? 'GET') === 'GET' && (request.body !== undefined || request.form))
    say([...at, 'method'], 'a GET has neither body nor form')
  if (/[?#\s\\]/.test(request.path)) say([...at, 'path'], 'a path has no ?, #, \\ or space: parameters go into "query"')
  for (const { at: where, text } of textsOf(request))
    try {
      for (const name of namesIn(text))
        if (!names.includes(name))
          say([...at, ...where], `there is no {${name}} here; there are: ${names.join(', ') || 'none'}`)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      say([...at, ...where], error.message)
    }
}

/** A text that cannot be read is told once, by whoever checks it. */
function namesOr(otherwise: string[], text: string): string[] {
  try {
    return namesIn(text)
  } catch (error) {
    if (error instanceof SyntaxError) return otherwise
    throw error
  }
}
