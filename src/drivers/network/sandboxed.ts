import type { Network } from '../../ports/network.ts'

/** `HOST/PATH?QUERY` of an address. Taking it apart is for whoever sends it: it is looked at there, and twice would be once too often for each call. */
function placeOf(address: string): string {
  const [, place] = /^https?:\/\/([^/?#@]+\/[^#]*)$/.exec(address) ?? []
  if (place !== undefined) return place
  const { host, pathname, search } = new URL(address)
  return `${host}${pathname}${search}`
}

/**
 * Takes every request to the sandbox: `https://HOST/PATH` becomes `SANDBOX_ORIGIN/HOST/PATH`, and redirects to the sandbox are told as what
 * they stand for, so that whoever asks sees only the real addresses.
 */
export function sandboxed(network: Network, sandboxOrigin: string): Network {
  const origin = sandboxOrigin.replace(/\/+$/, '')
  return {
    async send(request, signal) {
      const response = await network.send({ ...request, url: `${origin}/${placeOf(request.url)}` }, signal)
      const location = response.headers['location']
      if (!location?.startsWith(`${origin}/`)) return response
      const real = `https://${location.slice(origin.length + 1)}`
      return { ...response, headers: { ...response.headers, location: real } }
    },
  }
}
