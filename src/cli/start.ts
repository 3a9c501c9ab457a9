import type { Command } from './command.ts'

export const start: Command = {
  summary: 'Start the server, its database and the sandbox; on first start with a demo',
  usage: '[--empty]',
  options: { empty: { type: 'boolean', says: 'without the demo' } },
  async run({ options, services, out, isTerminal }) {
    await services.start({ empty: options.empty === true, out, isTerminal })
    return 0
  },
}
