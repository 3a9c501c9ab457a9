import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'

/** Everything the environment says, parsed once. Nothing else in the server reads it. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly sandboxPort: number
  /** Absolute. Database, keys and `demo.json` live here. */
  readonly dataDir: string
  /** Null: the server brings its own PostgreSQL. */
  readonly databaseUrl: string | null
  /** A Redis or Valkey that decides quotas quickly and may forget them at any time. Null: PostgreSQL decides them. */
  readonly redisUrl: string | null
  /** Where browsers reach this server, without a slash at the end. */
  readonly publicUrl: string
  /** Where browsers may be sent back to after connecting, exactly. */
  readonly returnUrls: readonly string[]
  /** 32 bytes as text. Null: a key service, or key files in the data directory. */
  readonly encryptionKey: string | null
  /** Those from before, oldest first, for as long as a rotation goes on. */
  readonly oldEncryptionKeys: readonly string[]
  /** A key service that holds the encryption key. Its token is in a variable or, where it is renewed, in a file. */
  readonly kms: { readonly url: string; readonly token: { readonly text: string } | { readonly file: string } } | null
  /** A server that keeps the sandbox's address rule. Null: the built-in one. */
  readonly sandboxUrl: string | null
  /** Sends the letters of e-mail channels. Null: none are sent. */
  readonly mail: { readonly url: string; readonly from: string } | null
  /** `host:port` pairs that egress may reach although they are not public addresses. */
  readonly egressAllow: readonly string[]
  readonly roles: ReadonlySet<Role>
  /** Where this process ends itself, for tests of crashes: name of the place → at which passing. Empty in real life. */
  readonly failpoints: ReadonlyMap<string, number>
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Provider id → what the environment sets for its live app: `clientId`, `clientSecret` and settings, by their own names. */
  readonly apps: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const allRoles = ['api', 'worker'] as const
export type Role = (typeof allRoles)[number]

/** Something the operator must change before the server can start. Says which variable and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads `env`. Provider apps come from variables named after the provider and the setting: `ACME_CLIENT_ID`, `ACME_CLIENT_SECRET`, and
 * `ACME_` plus each of its settings in capitals (`api key` of `apiKey` is `ACME_API_KEY`). `isTerminal`: somebody looks at what is logged.
 */
export function readConfig(
  env: Environment,
  options: { cwd: string; settings: Readonly<Record<string, readonly string[]>>; isTerminal?: boolean },
): Config {
  const host = env.HOST || '127.0.0.1'
  const port = portOf(env, 'PORT', 4400)
  return {
    host,
    port,
    sandboxPort: portOf(env, 'PATCHBAY_SANDBOX_PORT', port === 0 ? 0 : port + 1),
    dataDir: resolve(options.cwd, env.PATCHBAY_DATA_DIR || '.patchbay'),
    databaseUrl: urlOf(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: redisUrlOf(env),
    publicUrl: originOf(env, 'PATCHBAY_PUBLIC_URL') ?? localUrl(host, port),
    returnUrls: returnUrlsOf(env),
    ...keysOf(env),
    sandboxUrl: urlOf(env, 'PATCHBAY_SANDBOX_URL', ['http:', 'https:'])?.replace(/\/+$/, '') ?? null,
    mail: mailOf(env),
    egressAllow: listOf(env, 'PATCHBAY_EGRESS_ALLOW'),
    roles: rolesOf(env),
    failpoints: failpointsOf(env),
    // Whoever looks on wants the table and the addresses, and to hear of trouble; a file is for looking things up.
    logLevel: choiceOf(
      env,
      'PATCHBAY_LOG',
      ['debug', 'info', 'warn', 'error', 'silent'],
      options.isTerminal ? 'warn' : 'info',
    ),
    apps: Object.fromEntries(
      Object.entries(options.settings).flatMap(([provider, names]) => {
        const app = appOf(env, provider, names)
        return app ? [[provider, app]] : []
      }),
    ),
  }
}

/** Where a browser on this machine reaches a server that listens there. */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

function appOf(env: Environment, provider: string, names: readonly string[]): Record<string, string> | null {
  const app: Record<string, string> = {}
  for (const name of ['clientId', 'clientSecret', ...names]) {
    const value = env[variableOf(provider, name)]
    if (value) app[name] = value
  }
  if (Object.keys(app).length === 0) return null
  if (app.clientSecret && !app.clientId)
    throw new ConfigError(
      `${variableOf(provider, 'clientSecret')} is set and ${variableOf(provider, 'clientId')} is not. Set both or neither.`,
    )
  return app
}

/** `variableOf('acme', 'apiKey')` is `ACME_API_KEY`. */
export function variableOf(provider: string, setting: string): string {
  return `${provider}_${setting.replace(/[A-Z]/g, (capital) => `_${capital}`)}`
    .replace(/[^A-Za-z0-9]/g, '_')
    .toUpperCase()
}

function portOf(env: Environment, name: string, initial: number): number {
  const text = env[name]
  const port = text ? Number(text) : initial
  if (text && !/^\d+$/.test(text))
    throw new ConfigError(`${name} is "${text}". It takes a port from 0 (any free one) to 65535.`)
  if (port > 65_535) throw new ConfigError(`${name} is "${port}". It takes a port from 0 (any free one) to 65535.`)
  return port
}

/** An address whose pages are all ours: cookies, links and redirect addresses count on it. */
function originOf(env: Environment, name: string): string | null {
  const text = urlOf(env, name, ['http:', 'https:'])?.replace(/\/+$/, '')
  if (!text) return null
  const { origin, pathname, search, hash, username, password } = new URL(text)
  if (pathname + search + hash + username + password !== '/')
    throw new ConfigError(`${name} takes scheme, host and port, and no path, query or password: ${origin}`)
  return origin
}

/** Whoever can read what goes to such an address sees who connected, so only this machine may go without https. */
function returnUrlsOf(env: Environment): string[] {
  const texts = listOf(env, 'PATCHBAY_RETURN_URLS')
  for (const text of texts) {
    const url = URL.parse(text)
    const own = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
    if (!url || (url.protocol !== 'https:' && !own) || url.username + url.password + url.hash !== '')
      throw new ConfigError(
        `PATCHBAY_RETURN_URLS has "${text}". It takes addresses that start with https:// (or http:// on this machine), without a password or a fragment.`,
      )
  }
  return texts
}

function urlOf(env: Environment, name: string, protocols: readonly string[]): string | null {
  const text = env[name]
  if (!text) return null
  const url = URL.parse(text)
  if (!url || !protocols.includes(url.protocol))
    throw new ConfigError(
      `${name} is not an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`,
    )
  return text
}

/** The address may hold a password, so it is never repeated in a message. */
function redisUrlOf(env: Environment): string | null {
  const text = urlOf(env, 'REDIS_URL', ['redis:', 'rediss:'])
  if (text === null) return null
  const { hostname, pathname, search, hash } = new URL(text)
  if (hostname === '' || !/^\/?\d*$/.test(pathname) || search + hash !== '')
    throw new ConfigError(
      'REDIS_URL takes one server, and no path but the number of a database: redis://user:password@HOST:6379/0 (rediss:// with TLS).',
    )
  return text
}

/** Where the encryption key is: in one place, and old ones only beside a new one. */
function keysOf(env: Environment): Pick<Config, 'encryptionKey' | 'oldEncryptionKeys' | 'kms'> {
  const name = 'PATCHBAY_ENCRYPTION_KEY'
  const encryptionKey = env[name] ? keyOf(name, env[name]) : null
  const oldEncryptionKeys = listOf(env, `${name}S_OLD`).map((text) => keyOf(`${name}S_OLD`, text))
  const kms = kmsOf(env)
  if (kms && encryptionKey !== null)
    throw new ConfigError(`Set ${name} or PATCHBAY_KMS_URL. To move to the key service, put the key into ${name}S_OLD.`)
  if (oldEncryptionKeys.length > 0 && encryptionKey === null && !kms)
    throw new ConfigError(`${name}S_OLD is set, and no new key is: set ${name} or PATCHBAY_KMS_URL.`)
  return { encryptionKey, oldEncryptionKeys, kms }
}

function kmsOf(env: Environment): Config['kms'] {
  const url = urlOf(env, 'PATCHBAY_KMS_URL', ['https:', 'http:'])
  const { PATCHBAY_KMS_TOKEN: text, PATCHBAY_KMS_TOKEN_FILE: file } = env
  if (url === null) {
    if (text || file) throw new ConfigError('A token for a key service is set, and PATCHBAY_KMS_URL is not.')
    return null
  }
  if (!/^https?:\/\/[^/@?#]+\/v1\/[\w./-]+\/keys\/[\w.-]+$/.test(url))
    throw new ConfigError('PATCHBAY_KMS_URL takes the address of a Transit key: https://HOST/v1/transit/keys/NAME.')
  if (Boolean(text) === Boolean(file))
    throw new ConfigError('PATCHBAY_KMS_URL needs one of PATCHBAY_KMS_TOKEN and PATCHBAY_KMS_TOKEN_FILE.')
  return { url, token: text ? { text } : { file: file! } }
}

/** The address of the server holds a password, so it is never repeated in a message. */
function mailOf(env: Environment): Config['mail'] {
  const url = urlOf(env, 'PATCHBAY_SMTP_URL', ['smtp:', 'smtps:'])
  const from = env.PATCHBAY_MAIL_FROM?.trim()
  if (!url && !from) return null
  if (!url || !from)
    throw new ConfigError(
      `PATCHBAY_${url ? 'SMTP_URL' : 'MAIL_FROM'} is set and PATCHBAY_${url ? 'MAIL_FROM' : 'SMTP_URL'} is not. Set both or neither.`,
    )
  if (!/^[^<>@\r\n]*<?[^<>@\s]+@[^<>@\s]+>?$/.test(from))
    throw new ConfigError(`PATCHBAY_MAIL_FROM is "${from}". It looks like "Patchbay <patchbay@example.com>".`)
  return { url, from }
}

/** Its value is never repeated in a message. */
function keyOf(name: string, text: string): string {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (bytes.length !== 32) {
    throw new ConfigError(
      `${name} must be 32 bytes, as 64 hexadecimal digits or in base64. A fresh one: ${randomBytes(32).toString('base64')}`,
    )
  }
  return text
}

function listOf(env: Environment, name: string): string[] {
  return (env[name] ?? '').split(/[\s,]+/).filter(Boolean)
}

function rolesOf(env: Environment): Set<Role> {
  const names = listOf(env, 'PATCHBAY_ROLES')
  for (const name of names) {
    if (!(allRoles as readonly string[]).includes(name))
      throw new ConfigError(
        `PATCHBAY_ROLES names "${name}". It takes ${allRoles.join(', ')}, or nothing for all of them.`,
      )
  }
  return new Set(names.length > 0 ? (names as Role[]) : allRoles)
}

function failpointsOf(env: Environment): Map<string, number> {
  const found = listOf(env, 'PATCHBAY_FAILPOINTS').map((text) => {
    const [, name, nth] = /^([\w.]+):([1-9]\d{0,8})$/.exec(text) ?? []
    if (name === undefined)
      throw new ConfigError(
        `PATCHBAY_FAILPOINTS has "${text}". It takes places and counts, such as grants.commit.before:1; leave it out unless you test crashes.`,
      )
    return [name, Number(nth)] as const
  })
  return new Map(found)
}

function choiceOf<const Choice extends string>(
  env: Environment,
  name: string,
  choices: readonly Choice[],
  initial: Choice,
): Choice {
  const text = env[name]
  if (!text) return initial
  if (!(choices as readonly string[]).includes(text))
    throw new ConfigError(`${name} is "${text}". It takes one of ${choices.join(', ')}.`)
  return text as Choice
}

/** Which running server the command line means. */
export function readClientConfig(
  env: Environment,
  cwd: string,
): { url: string | undefined; key: string | undefined; sandboxUrl: string | undefined; dataDir: string } {
  return {
    url: env.PATCHBAY_URL || undefined,
    key: env.PATCHBAY_KEY || undefined,
    sandboxUrl: env.PATCHBAY_SANDBOX_URL || undefined,
    dataDir: resolve(cwd, env.PATCHBAY_DATA_DIR || '.patchbay'),
  }
}
