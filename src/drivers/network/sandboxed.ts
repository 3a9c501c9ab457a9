import type { Network } from '../../ports/network.ts'

/**
 * Takes every request to the sandbox: `https://HOST/PATH` becomes `SANDBOX_ORIGIN/HOST/PATH`, and redirects to the sandbox are told as what
 * they stand for, so that whoever asks sees only the real addresses.
 */
export function sandboxed(network: Network, sandboxOrigin: string): Network {
  const origin = sandboxOrigin.replace(/\/+$/, '')
  return {
    async send(request, signal) {
      const { host, pathname, search } = new URL(request.url)
      const response = await network.send({ ...request, url: `${origin}/${host}${pathname}${search}` }, signal)
      const location = response.headers['location']
      if (!location?.startsWith(`${origin}/`)) return response
      const real = `https://${location.slice(origin.length + 1)}`
      return { ...response, headers: { ...response.headers, location: real } }
    },
  }
}
