import { compareServers } from './http-bench.ts'

/** Reading an access token (key, opened vault, audit written before it is shown) beside Fastify and one named read of the same row. */
export const run = () =>
  compareServers({
    ours: ({ connection }) => `/v1/connections/${connection}/credentials`,
    bare: ({ grant }) => `/credentials/${grant}`,
    expected: { ours: 'the-token-of-a-bench', bare: '"pb1.' },
    parts: ['audit', 'auth', 'database'],
  })
