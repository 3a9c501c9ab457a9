import { type Command, exitCodes, UsageError } from './command.ts'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

export const call: Command = {
  summary: 'Call a provider’s own API as a connection: authorized, within its limits, logged',
  usage: '<connection> [GET] <path> [--body JSON]',
  options: { body: { type: 'string', says: 'JSON to send' } },
  async run({ words, options, json, out, remark, client }) {
    const [id, ...rest] = words
    const path = rest.at(-1)
    const method = rest.length > 1 ? rest[0]!.toUpperCase() : 'GET'
    if (id === undefined || path === undefined || methods.has(path.toUpperCase()))
      throw new UsageError('Say which connection and path: call ID GET /path')
    if (!methods.has(method))
      throw new UsageError(`There is no method "${method}". There are: ${[...methods].join(', ')}.`)
    const response = await client().request(method, `/v1/proxy/${encodeURIComponent(id)}/${path.replace(/^\/+/, '')}`, {
      body: options.body === undefined ? undefined : parse(options.body as string),
    })
    const body = await response.text()
    if (!json) remark(`${response.status} ${response.headers.get('content-type') ?? ''}`)
    out(pretty(body))
    return response.status < 400 ? 0 : exitCodes.provider
  },
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError('--body takes JSON.')
  }
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
