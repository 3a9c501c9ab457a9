import { compareServers } from './http-bench.ts'

/**
 * A call through the proxy with everything on (key, quotas, call log, egress rules, vault) beside Fastify and undici that only pass it on.
 *
 * What it costs the processor, by samples of `--cpu-prof`, each one counted for the nearest function of ours or of a library: both sockets, the event
 * loop and the reading of HTTP more than a third, most of it two writes · undici, without its sockets, 10 % · promises 6 % · hashing the key and opening
 * the token, which is decrypted twice a second and not each time, 3 % · Fastify and its router 4 % · PostgreSQL 3 %, most of it rows that are asked for
 * anew and the call log · the collector 4 % · our own layers a quarter, none of them more than 3 %. The same code takes half as long when nothing else
 * is in the processor's caches: what pays is what is left out altogether, such as copies of headers, timers, promises and objects of OpenSSL.
 */
export const run = () =>
  compareServers({
    ours: ({ connection }) => `/v1/proxy/${connection}/v1/artists/7`,
    bare: () => '/proxy/v1/artists/7',
    expected: { ours: '"track_11"', bare: '"track_11"' },
    parts: ['limiter', 'auth', 'database', 'calls'],
  })
