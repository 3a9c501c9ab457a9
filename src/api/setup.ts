import { calendarOf, type Fields, type Provider, type Quota, unitOfQuota, type Webhooks } from '@patchbay/kit'
import { z } from 'zod'
import { isPrevious } from '../engine/connect/previous-secrets.ts'
import type { Engine } from '../engine/engine.ts'
import type { Integration } from '../ports/directory.ts'
import { fixedByOf, fixers } from './problem.ts'
import { idText, instant, iso, route } from './route.ts'
import { jsonSchema } from './serve-route.ts'

const fieldJson = z.strictObject({
  name: z.string(),
  label: z.string(),
  help: z.string().nullable(),
  secret: z.boolean(),
  required: z.boolean(),
  placeholder: z.string().nullable(),
  choices: z.array(z.string()).nullable(),
  initial: z.string().nullable(),
})

export const providerJson = z.strictObject({
  id: z.string(),
  /** Registered in this environment, and not one of the catalog. */
  custom: z.boolean(),
  name: z.string(),
  category: z.string(),
  summary: z.string(),
  docs: z.string(),
  preflight: z.array(z.string()),
  auth: z.strictObject({ scheme: z.string(), fields: z.array(fieldJson) }),
  settings: z.array(fieldJson),
  inputs: z.array(fieldJson),
  streams: z.array(
    z.strictObject({
      id: z.string(),
      summary: z.string(),
      every: z.string(),
      headline: z.boolean(),
      scopes: z.array(z.string()),
      metrics: z.array(z.string()),
      batch: z.number(),
    }),
  ),
  actions: z.array(
    z.strictObject({
      id: z.string(),
      summary: z.string(),
      input: z.record(z.string(), z.unknown()),
      example: z.unknown(),
    }),
  ),
  quotas: z.array(
    z.strictObject({
      id: z.string(),
      per: z.string(),
      limit: z.number(),
      window: z.string(),
      unit: z.string(),
      source: z.string(),
    }),
  ),
  notOffered: z.record(z.string(), z.string()),
})

const integrationJson = z.strictObject({
  id: z.string(),
  provider: z.string(),
  name: z.string(),
  clientId: z.string().nullable(),
  /** True when a secret is stored. The secret itself never comes back. */
  hasSecret: z.boolean(),
  settings: z.record(z.string(), z.string()),
  scopes: z.array(z.string()),
  enabled: z.boolean(),
  incident: z.strictObject({ code: z.string(), says: z.string(), fixedBy: z.enum(fixers), since: instant }).nullable(),
  /** Register exactly this address in the provider's app. */
  redirectUri: z.string(),
  /** Where the provider sends webhooks to, and what else it asks for an address of; null where it sends nothing. */
  webhooks: z.strictObject({ url: z.string(), callbacks: z.record(z.string(), z.string()) }).nullable(),
  createdAt: instant,
})

/** What can be connected, and the apps it is connected through. */
export function setupRoutes(engine: Engine) {
  const { deps, setting } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/environments',
      name: 'environments.list',
      summary: 'The environments of this workspace, and which one this caller is in',
      scope: 'setup:read',
      answer: z.strictObject({
        data: z.array(
          z.strictObject({ id: z.string(), workspace: z.string(), mode: z.string(), current: z.boolean() }),
        ),
      }),
      handle: async ({ caller }) => {
        const all = caller.via === 'session' ? await deps.directory.environments() : [caller.environment]
        return {
          data: all.map(({ id, workspace, mode }) => ({ id, workspace, mode, current: id === caller.environment.id })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/providers',
      name: 'providers.list',
      summary: 'Every platform that can be connected, with its forms, streams, actions and quotas',
      scope: 'setup:read',
      answer: z.strictObject({ data: z.array(providerJson) }),
      handle: async ({ caller }) => ({
        data: [...(await setting.providers.in(caller.environment.id)).values()].map(providerToJson),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/integrations',
      name: 'integrations.list',
      summary: 'The provider apps that are set up here',
      scope: 'setup:read',
      answer: z.strictObject({ data: z.array(integrationJson) }),
      handle: async ({ caller }) => ({
        data: await toJson(caller.environment.id, await deps.directory.integrations(caller.environment.id)),
      }),
    }),
    route({
      method: 'PUT',
      path: '/v1/integrations/{id}',
      name: 'integrations.save',
      summary: 'Set up a provider app, or change it. What is left out stays as it is',
      scope: 'setup:write',
      params: z.strictObject({ id: idText }),
      body: z.strictObject({
        provider: idText,
        name: z.string().min(1).max(100).optional(),
        clientId: z.string().min(1).max(500).optional(),
        clientSecret: z.string().min(1).max(4000).optional(),
        settings: z.record(z.string(), z.string().max(4000)).optional(),
        scopes: z.array(z.string().max(200)).max(100).optional(),
        enabled: z.boolean().optional(),
      }),
      answer: integrationJson,
      handle: async ({ params, body, caller }) => {
        const saved = await engine.saveIntegration(caller.environment, { id: params.id, ...body }, caller.actor)
        return (await toJson(caller.environment.id, [saved]))[0]!
      },
    }),
  ]

  async function toJson(environmentId: string, integrations: readonly Integration[]) {
    const providers = await setting.providers.in(environmentId)
    return integrations.map((integration) => integrationToJson(integration, providers.get(integration.provider)))
  }

  function integrationToJson(
    integration: Integration,
    provider: Provider | undefined,
  ): z.input<typeof integrationJson> {
    const shown = Object.entries(integration.settings).filter(
      ([name]) => provider?.settings?.[name]?.secret !== true && !isPrevious(name),
    )
    return {
      id: integration.id,
      provider: integration.provider,
      name: integration.name,
      clientId: integration.clientId,
      hasSecret: integration.clientSecret !== null,
      settings: Object.fromEntries(shown),
      scopes: [...integration.scopes],
      enabled: integration.enabled,
      incident: integration.incident && incidentToJson(integration.incident),
      redirectUri: `${setting.publicUrl}/oauth/callback/${integration.id}`,
      webhooks: provider?.webhooks
        ? hookAddresses(provider.webhooks, `${setting.publicUrl}/hooks/${integration.id}`)
        : null,
      createdAt: iso(integration.createdAt),
    }
  }
}

const hookAddresses = ({ callbacks = {} }: Webhooks, url: string) => ({
  url,
  callbacks: Object.fromEntries(Object.keys(callbacks).map((name) => [name, `${url}/${name}`])),
})

const incidentToJson = ({ code, says, since }: NonNullable<Integration['incident']>) => ({
  code,
  says,
  fixedBy: fixedByOf(code),
  since: iso(since),
})

export function providerToJson(provider: Provider): z.input<typeof providerJson> {
  return {
    id: provider.id,
    custom: provider.ownedBy !== undefined,
    name: provider.name,
    category: provider.category,
    summary: provider.summary,
    docs: provider.docs,
    preflight: [...(provider.preflight ?? [])],
    auth: { scheme: provider.auth.scheme, fields: 'fields' in provider.auth ? fieldsToJson(provider.auth.fields) : [] },
    settings: fieldsToJson(provider.settings),
    inputs: fieldsToJson(provider.inputs),
    streams: Object.entries(provider.streams).map(([id, stream]) => ({
      id,
      summary: stream.summary,
      every: stream.every,
      headline: stream.headline ?? false,
      scopes: [...(stream.scopes ?? [])],
      metrics: [...stream.metrics],
      batch: stream.batch ?? 1,
    })),
    actions: Object.entries(provider.actions ?? {}).map(([id, action]) => ({
      id,
      summary: action.summary,
      input: jsonSchema(action.input, 'input'),
      example: action.example,
    })),
    quotas: provider.api.quotas.map((quota) => ({
      id: quota.id,
      per: quota.per,
      limit: quota.limit,
      window: windowText(quota),
      unit: unitOfQuota(quota),
      source: quota.source,
    })),
    notOffered: { ...provider.notOffered },
  }
}

function windowText(quota: Quota): string {
  const calendar = calendarOf(quota)
  if (calendar) return `${calendar.span} in ${calendar.zone}`
  return 'rollingMs' in quota.window ? `${quota.window.rollingMs / 1000} s` : 'at once'
}

function fieldsToJson(fields: Fields | undefined): z.input<typeof fieldJson>[] {
  return Object.entries(fields ?? {}).map(([name, field]) => ({
    name,
    label: field.label,
    help: field.help ?? null,
    secret: field.secret ?? false,
    required: field.required ?? false,
    placeholder: field.placeholder ?? null,
    choices: field.choices ? [...field.choices] : null,
    initial: field.initial ?? null,
  }))
}
