import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { openHttpServer } from '../network/test-server.ts'

/**
 * Stands in for the Transit engine of HashiCorp Vault, as far as it is used: the requests and answers have the shape that
 * https://developer.hashicorp.com/vault/api-docs/secret/transit documents. Keys are derived from the context; what cannot be opened is 400, a wrong
 * token 403, an unknown path 404, and sealed it answers 503, each with `errors`.
 */
export async function openTestTransit(options: { derived?: boolean } = {}) {
  const token = 'hvs.a-token-of-the-stand-in'
  const names = new Map<string, { keys: Map<number, Buffer>; minDecryption: number }>()
  let sealed = false
  const requests: { method: string; path: string; body: Record<string, unknown> | null }[] = []

  const server = await openHttpServer(async (request, response) => {
    const body = await bodyOf(request)
    requests.push({ method: request.method!, path: request.url!, body })
    const { status, json } = answer(request, body)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  })

  function answer(request: IncomingMessage, body: Record<string, unknown> | null) {
    const failed = (status: number, ...errors: string[]) => ({ status, json: { errors } })
    if (sealed) return failed(503, 'Vault is sealed')
    if (request.headers['x-vault-token'] !== token) return failed(403, 'permission denied')
    const [, operation, name] = /^\/v1\/transit\/(keys|encrypt|decrypt)\/([\w-]+)$/.exec(request.url!) ?? []
    const key = names.get(name ?? '')
    if (!operation || !key) return failed(404)
    const latest = Math.max(...key.keys.keys())
    const done = (data: Record<string, unknown>) => ({
      status: 200,
      json: { request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data, wrap_info: null },
    })
    if (operation === 'keys' && request.method === 'GET')
      return done({
        ...{ type: 'aes256-gcm96', name, derived: options.derived ?? true, exportable: false, deletion_allowed: false },
        ...{ latest_version: latest, min_decryption_version: key.minDecryption, min_encryption_version: 0 },
        ...{ min_available_version: 0, keys: Object.fromEntries([...key.keys.keys()].map((version) => [version, 1])) },
      })
    if (request.method !== 'POST' || !body) return failed(405)
    if (typeof body.context !== 'string' || body.context === '')
      return failed(400, "missing 'context' for key derivation; the key was created using a derived key")
    if (operation === 'encrypt') {
      const version = Number(body.key_version ?? latest)
      const own = key.keys.get(version)
      if (!own || version < key.minDecryption) return failed(400, 'requested version for encryption is not available')
      return done({
        ciphertext: `vault:v${version}:${seal(own, body.context, String(body.plaintext))}`,
        key_version: version,
      })
    }
    const [, version, text] = /^vault:v(\d+):([\w+/]+=*)$/.exec(String(body.ciphertext)) ?? []
    if (!version || !text) return failed(400, 'invalid ciphertext: no prefix')
    if (Number(version) < key.minDecryption)
      return failed(400, 'ciphertext or signature version is disallowed by policy (too old)')
    const plaintext = open(key.keys.get(Number(version)), body.context, text)
    return plaintext === null ? failed(400, 'cipher: message authentication failed') : done({ plaintext })
  }

  return {
    token,
    requests,
    /** Makes the key and gives the address that it is read at. */
    make(name: string): string {
      names.set(name, { keys: new Map([[1, randomBytes(32)]]), minDecryption: 1 })
      return `${server.origin}/v1/transit/keys/${name}`
    },
    rotate(name: string): void {
      const { keys } = names.get(name)!
      keys.set(Math.max(...keys.keys()) + 1, randomBytes(32))
    },
    setMinDecryptionVersion(name: string, version: number): void {
      names.get(name)!.minDecryption = version
    },
    seal(now: boolean): void {
      sealed = now
    },
    allow: [`127.0.0.1:${server.port}`],
    close: () => server.close(),
  }
}

function keyFor(key: Buffer, context: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', Buffer.from(context, 'base64'), 32))
}

function seal(key: Buffer, context: string, plaintext: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyFor(key, context), nonce, { authTagLength: 16 })
  const parts = [nonce, cipher.update(Buffer.from(plaintext, 'base64')), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(parts).toString('base64')
}

function open(key: Buffer | undefined, context: string, text: string): string | null {
  const bytes = Buffer.from(text, 'base64')
  if (!key || bytes.length < 28 || bytes.toString('base64') !== text) return null
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyFor(key, context), bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64')
  } catch {
    return null
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return pieces.length === 0 ? null : JSON.parse(Buffer.concat(pieces).toString('utf8'))
}
