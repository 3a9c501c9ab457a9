import { compareServers } from './http-bench.ts'

/**
 * A call through the proxy with everything on (key, quotas, call log, egress rules, vault) beside Fastify and undici that only pass it on.
 *
 * What it costs the main thread, by leaving parts out in turns of half a second, in microseconds of processor of about 165: HTTP on both sides with
 * Fastify, its hooks and one write each way 50 · key, rate and target 11 · the exchange with its clocks and signals 20 · address, headers and their copies
 * 22 · one call for several 5 · its record 7 · the token 15 · quota 12 · breaker 7 · all other layers 10. The bare server takes 84: it passes the answer on
 * as a stream. By samples half of it is in Node's own code (promises, maps, copies of objects), a quarter in compiled JavaScript, where no function has more
 * than a hundredth, a fifth in the kernel. Large pages, one compiler or one collector less change nothing.
 */
export const run = () =>
  compareServers({
    ours: ({ connection }) => `/v1/proxy/${connection}/v1/artists/7`,
    bare: () => '/proxy/v1/artists/7',
    expected: { ours: '"track_11"', bare: '"track_11"' },
    parts: ['limiter', 'auth', 'database', 'calls'],
  })
