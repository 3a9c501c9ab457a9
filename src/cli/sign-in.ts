import type { Command } from './command.ts'

export const signIn: Command = {
  summary: 'Print a link that signs the owner in to the console, once, within a week',
  usage: '',
  async run({ services, json, out }) {
    const link = await services.ownerLink()
    out(json ? JSON.stringify({ link }, null, 2) : link)
    return 0
  },
}
