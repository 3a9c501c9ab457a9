import { compareServers } from './http-bench.ts'

/** A call through the proxy with everything on (key, quotas, call log, egress rules, vault) beside Fastify and undici that only pass it on. */
export const run = () =>
  compareServers({
    ours: ({ connection }) => `/v1/proxy/${connection}/v1/artists/7`,
    bare: () => '/proxy/v1/artists/7',
    expected: { ours: '"track_11"', bare: '"track_11"' },
    parts: ['limiter', 'auth', 'database', 'calls'],
  })
