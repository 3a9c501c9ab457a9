import { Fault, type IdentifyContext, type Identity, type Json, type Provider } from '@patchbay/kit'
import { compileAction } from './compile-action.ts'
import { compileAuth } from './compile-auth.ts'
import { compileErrors } from './compile-errors.ts'
import { compileStream } from './compile-stream.ts'
import type { Definition } from './definition.ts'
import { emulatorOf } from './emulate.ts'
import { parseExpression } from './expression.ts'
import { Meter } from './meter.ts'
import { optionalText, requiredText } from './row-values.ts'
import { fillRequest, type Values } from './template.ts'

/** The kit's own Provider, so that nobody who runs it knows the difference. Throws for what `checkDefinition` would have refused. */
export function compileDefinition(definition: Definition): Provider {
  const { api } = definition
  return {
    id: definition.id,
    name: definition.name,
    category: definition.category,
    summary: definition.summary,
    docs: definition.docs,
    preflight: definition.preflight,
    auth: compileAuth(definition.auth),
    settings: definition.settings,
    inputs: definition.inputs,
    api: {
      baseUrl: api.baseUrl,
      hosts: api.hosts,
      headers: api.headers,
      quotas: api.quotas,
      costs: api.costs,
      hedges: api.hedges,
      errors: compileErrors(api.errors),
    },
    identify: compileIdentity(definition),
    ...(definition.probe && {
      probe: ({ http, settings }: IdentifyContext) => http(fillRequest(definition.probe!, valuesOf({ settings }))),
    }),
    streams: mapValues(definition.streams, compileStream),
    actions: definition.actions && mapValues(definition.actions, compileAction),
    notOffered: definition.notOffered as Provider['notOffered'],
    emulator: emulatorOf(definition),
  }
}

/** What the templates of `identity` may name. */
export const valuesOf = (all: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>): Values =>
  Object.fromEntries(
    Object.entries(all).flatMap(([group, values]) =>
      Object.entries(values ?? {}).map(([key, value]) => [`${group}.${key}`, value]),
    ),
  )

function compileIdentity(definition: Definition): Provider['identify'] {
  const read = readIdentity(definition)
  return async ({ http, inputs, settings }) =>
    read((await http(fillRequest(definition.identity.request, valuesOf({ inputs, settings })))).body)
}

/** Also what the sandbox's accounts are read from. */
export function readIdentity({ name, identity }: Pick<Definition, 'name' | 'identity'>): (body: Json) => Identity {
  const { subject, accounts } = identity
  const rowsOf = parseExpression(accounts.rows ?? '@')
  const expressions = {
    subject: { id: parseExpression(subject.id), name: parseExpression(subject.name) },
    id: parseExpression(accounts.id),
    name: parseExpression(accounts.name),
    handle: accounts.handle === undefined ? null : parseExpression(accounts.handle),
    url: accounts.url === undefined ? null : parseExpression(accounts.url),
    imageUrl: accounts.imageUrl === undefined ? null : parseExpression(accounts.imageUrl),
  }
  return (body) => {
    const meter = new Meter()
    const found = rowsOf.evaluate(body, meter)
    const rows = found === null ? [] : Array.isArray(found) ? found : [found]
    if (rows.length === 0) throw new Fault('connection.unsuitable', `${name} names no account that could be connected.`)
    if (rows.length > mostAccounts)
      throw new Fault('setup.definition', `One consent at ${name} leads to more than ${mostAccounts} accounts.`)
    return {
      subject: {
        id: requiredText(expressions.subject.id.evaluate(body, meter), 'identity.subject.id'),
        name: requiredText(expressions.subject.name.evaluate(body, meter), 'identity.subject.name'),
      },
      accounts: rows.map((row) => ({
        id: requiredText(expressions.id.evaluate(row, meter), 'identity.accounts.id'),
        name: requiredText(expressions.name.evaluate(row, meter), 'identity.accounts.name'),
        handle: optionalText(expressions.handle?.evaluate(row, meter)),
        url: optionalText(expressions.url?.evaluate(row, meter)),
        imageUrl: optionalText(expressions.imageUrl?.evaluate(row, meter)),
        kind: accounts.kind,
        ownership: accounts.ownership,
      })),
    }
  }
}

const mostAccounts = 200

const mapValues = <From, To>(all: Readonly<Record<string, From>>, change: (one: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]))
