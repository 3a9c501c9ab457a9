import { defineAction, z } from '@patchbay/kit'

/** For applications that ask "which artist are you?" before they open a connect page: the id goes into its `artist` question. */
export const findArtists = defineAction({
  summary: 'Find artist pages by name',
  input: z.object({ name: z.string().min(1).max(100) }),
  output: z.object({
    artists: z.object({
      items: z.array(
        z.object({ id: z.string(), name: z.string(), external_urls: z.object({ spotify: z.string() }).partial() }),
      ),
    }),
  }),
  example: { name: 'Nova Reef' },
  // Ten is the most since 2026.
  call: ({ name }) => ({ path: '/search', query: { q: name, type: 'artist', limit: 10 }, as: 'app' }),
})
