import { Fault, second } from '@patchbay/kit'
import { z } from 'zod'
import type { Keys } from '../../ports/keys.ts'
import { type Network, readBody } from '../../ports/network.ts'

/**
 * Key-encryption keys that HashiCorp Vault (or OpenBao) keeps in its Transit engine and never gives out:
 * https://developer.hashicorp.com/vault/api-docs/secret/transit (read on 2026-11-28). Each version of the Transit key is a key of ours. The key must be
 * made with `derived=true`, since it is the derivation that binds a wrapped key to its context. The token needs `update` on `encrypt/NAME` and
 * `decrypt/NAME`, and `read` on `keys/NAME`.
 */
export function openTransitKeys(options: {
  /** Of the key: `https://vault.example:8200/v1/transit/keys/patchbay`. */
  readonly url: string
  /** Asked for each request, because tokens are renewed. */
  readonly token: () => string
  readonly network: Network
}): Keys {
  const { base, name } = placeOf(options.url)
  const prefix = `transit:${name}:v`

  return {
    async ids() {
      const { data } = await ask('GET', `keys/${name}`, keyAnswer)
      if (!data.derived)
        throw new Fault('setup.configuration', `The Transit key ${name} must be made with derived=true.`, { name })
      const first = Math.max(data.min_decryption_version, data.min_available_version ?? 0, 1)
      return Array.from({ length: data.latest_version - first + 1 }, (_, n) => `${prefix}${first + n}`)
    },

    async wrap(dataKey, context, keyId) {
      const version = versionOf(keyId)
      const body = { plaintext: base64(dataKey), context: base64(context), key_version: version }
      const { data } = await ask('POST', `encrypt/${name}`, encryptAnswer, body)
      // Whatever it did with `key_version`: what is stored says which key opens it.
      if (!data.ciphertext.startsWith(`vault:v${version}:`)) throw refused('it was wrapped by another version')
      return Buffer.from(data.ciphertext)
    },

    async unwrap(wrapped, context, keyId) {
      const ciphertext = Buffer.from(wrapped).toString('latin1')
      if (!ciphertext.startsWith(`vault:v${versionOf(keyId)}:`)) throw refused('it was wrapped by another key')
      const body = { ciphertext, context: base64(context) }
      const { data } = await ask('POST', `decrypt/${name}`, decryptAnswer, body)
      return Buffer.from(data.plaintext, 'base64')
    },
  }

  function versionOf(keyId: string): number {
    const version = keyId.startsWith(prefix) ? keyId.slice(prefix.length) : ''
    if (!/^[1-9]\d{0,8}$/.test(version)) throw refused(`the encryption key ${keyId} is not here`)
    return Number(version)
  }

  async function ask<Answer extends z.ZodType>(
    method: string,
    path: string,
    answer: Answer,
    body?: Record<string, unknown>,
  ): Promise<z.output<Answer>> {
    const { status, text } = await send(method, path, body)
    // It understood, and says that this cannot be opened: a wrong context, another key, a version that was taken away.
    if (status === 400) throw refused('the key service refuses it')
    if (status !== 200) throw away(path, `it answers ${status}`, status)
    const parsed = answer.safeParse(jsonOf(text))
    if (!parsed.success) throw away(path, 'its answer has another shape than documented', status)
    return parsed.data
  }

  async function send(method: string, path: string, body?: Record<string, unknown>) {
    const token = readToken(path)
    try {
      const response = await options.network.send({
        method,
        url: `${base}/${path}`,
        headers: {
          'x-vault-token': token,
          'x-vault-request': 'true',
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        limits: { totalMs: 10 * second, maxBytes: 1024 * 1024 },
      })
      return { status: response.status, text: Buffer.from(await readBody(response)).toString('utf8') }
    } catch (error) {
      throw away(path, 'it does not answer', undefined, error)
    }
  }

  function readToken(path: string): string {
    try {
      return options.token()
    } catch (error) {
      throw away(path, 'the token for it cannot be read', undefined, error)
    }
  }
}

const keyAnswer = z.object({
  data: z.object({
    derived: z.boolean(),
    latest_version: z.number().int().positive(),
    min_decryption_version: z.number().int(),
    min_available_version: z.number().int().optional(),
  }),
})
const encryptAnswer = z.object({ data: z.object({ ciphertext: z.string() }) })
const decryptAnswer = z.object({ data: z.object({ plaintext: z.base64() }) })

/** `…/v1/MOUNT/keys/NAME`, as the key is read at. */
function placeOf(url: string): { base: string; name: string } {
  const [, base, name] = /^(.+)\/keys\/([\w.-]+)$/.exec(url) ?? []
  if (!base || !name)
    throw new Fault('setup.configuration', 'The address of the key service ends in /v1/MOUNT/keys/NAME.')
  return { base, name }
}

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64')

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const refused = (why: string) => new Fault('platform.vault', `A data key could not be opened: ${why}.`)

function away(path: string, why: string, status?: number, cause?: unknown): Fault {
  return new Fault('platform.keys', `The key service cannot be used: ${why}.`, { path, status }, cause)
}
