import { type Command, exitCodes } from './command.ts'

const marks = { ok: '✔', warning: '!', wrong: '✘' } as const

export const doctor: Command = {
  summary: 'Look at everything a server needs: configuration, database, isolation, keys, sandbox, provider apps',
  usage: '',
  async run({ services, json, out }) {
    const findings = await services.examine()
    if (json) out(JSON.stringify({ findings }, null, 2))
    else for (const { what, state, says } of findings) out(`${marks[state]} ${what}: ${says}`)
    return findings.some(({ state }) => state === 'wrong') ? exitCodes.failed : 0
  },
}
