import { openPatchbay } from '@patchbay/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { createContext, useContext } from 'react'
import { Spinner } from '../ui/button.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { problemOf } from '../words/problems.ts'
import { SignIn } from './sign-in.tsx'

export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
}

export interface Environment {
  readonly id: string
  readonly workspace: string
  readonly mode: string
  readonly current: boolean
}

interface Session {
  readonly person: Person
  readonly environments: readonly Environment[]
  readonly signOut: () => Promise<void>
}

const Signed = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(Signed)
  if (!session) throw new Error('Nobody is signed in here.')
  return session
}

/** Before an environment is known: who is there, and where they may go. */
const anywhere = openPatchbay({ url: '' })

/** Shows what is inside to somebody who is signed in, and the sign-in page at the same address to everybody else. */
export function SessionGate({ children, link }: { children: ReactNode; link: string | undefined }) {
  const queries = useQueryClient()
  const me = useQuery({
    queryKey: ['me'],
    queryFn: async ({ signal }) =>
      (await (await anywhere.request('GET', '/v1/me', { signal })).json()) as Person | null,
    staleTime: 60_000,
  })
  const environments = useQuery({
    queryKey: ['environments', me.data?.id],
    queryFn: ({ signal }) => anywhere.environments.list({}, { signal }),
    enabled: !!me.data,
    staleTime: 60_000,
  })

  const broken = me.error ?? (me.data ? environments.error : null)
  if (broken && !(me.data && environments.data))
    return (
      <main className="mx-auto max-w-lg p-6 pt-16">
        <ErrorCard
          problem={problemOf(broken)}
          busy={me.isFetching || environments.isFetching}
          retry={() => void (me.error ? me.refetch() : environments.refetch())}
        />
      </main>
    )
  if (me.data === null) return <SignIn link={link} done={() => queries.invalidateQueries({ queryKey: ['me'] })} />
  if (!me.data || !environments.data)
    return (
      <div className="grid min-h-dvh place-items-center text-soft">
        <span className="inline-flex items-center gap-3">
          <Spinner />
          <output>One moment</output>
        </span>
      </div>
    )
  const session: Session = {
    person: me.data,
    environments: environments.data.data,
    async signOut() {
      await anywhere.request('POST', '/auth/sign-out', { body: {} })
      queries.setQueryData(['me'], null)
      // Nothing that one person saw is left for the next.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
    },
  }
  return <Signed value={session}>{children}</Signed>
}
