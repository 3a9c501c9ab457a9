import { defineProvider, type Stream } from '@patchbay/kit'

/** A platform that is nothing but these streams. */
export const benchProvider = (streams: Readonly<Record<string, Stream>>) =>
  defineProvider({
    id: 'bench',
    name: 'Bench',
    category: 'social',
    summary: 'What a bench reads',
    docs: 'https://docs.bench.example',
    auth: { scheme: 'api_key', carry: { query: 'key' }, fields: {} },
    api: { baseUrl: 'https://api.bench.example', quotas: [], errors: { read: () => null, rules: [] } },
    identify: async () => ({ subject: { id: '1', name: 'One' }, accounts: [] }),
    emulator: { routes: {} } as never,
    streams,
  })
