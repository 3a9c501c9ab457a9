import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { createContext, useContext } from 'react'
import { anywhere } from '../data/patchbay.tsx'
import { type Me, useForgetMe, useMe, useRenewMe } from '../data/people.ts'
import { Spinner } from '../ui/button.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { problemOf } from '../words/problems.ts'
import { SignIn } from './sign-in.tsx'

export interface Environment {
  readonly id: string
  readonly workspace: string
  readonly mode: string
  readonly current: boolean
}

interface Session {
  readonly person: Me
  readonly environments: readonly Environment[]
  readonly signOut: () => Promise<void>
}

const Signed = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(Signed)
  if (!session) throw new Error('Nobody is signed in here.')
  return session
}

/** Shows what is inside to somebody who is signed in, and the sign-in page at the same address to everybody else. */
export function SessionGate({ children, link }: { children: ReactNode; link: string | undefined }) {
  const me = useMe()
  const renewMe = useRenewMe()
  const forgetMe = useForgetMe()
  const environments = useQuery({
    queryKey: ['environments', me.data?.id],
    queryFn: ({ signal }) => anywhere.environments.list({}, { signal }),
    enabled: !!me.data,
    staleTime: 60_000,
  })

  /** A session that the server ended left behind what its person saw. */
  function done() {
    forgetMe()
    return renewMe()
  }

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
  if (me.data === null) return <SignIn link={link} done={done} />
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
      forgetMe()
    },
  }
  return <Signed value={session}>{children}</Signed>
}
