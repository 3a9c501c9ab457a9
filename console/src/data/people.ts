import type { Client } from '@patchbay/sdk'
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Role } from '../words/people.ts'
import { anywhere } from './patchbay.tsx'

/** Who is signed in. */
export interface Me {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly hasPassword: boolean
  /** False for the first owner, whose address is made up until they enter theirs. */
  readonly hasOwnAddress: boolean
}

/** Somebody who may sign in, as owners see them. */
export interface Person extends Me {
  readonly createdAt: string
  readonly lastSignInAt: string | null
  readonly hasSignedIn: boolean
}

/** A link that signs somebody in once. Nobody sends it: whoever made it hands it over. */
export interface SignInLink {
  readonly link: string
  readonly linkEndsAt: string
}

/** These are for signed-in people only, so the SDK has no operations of them. */
async function ask<Answer>(
  client: Client,
  method: string,
  path: string,
  more: { body?: unknown; signal?: AbortSignal },
) {
  return (await (await client.request(method, path, more)).json()) as Answer
}

export const changeMe = (client: Client, change: { name?: string; email?: string }) =>
  ask<Me>(client, 'PATCH', '/v1/me', { body: change })

export const setPassword = (client: Client, input: { password: string; current?: string }) =>
  ask<Pick<Me, 'hasPassword'>>(client, 'POST', '/v1/me/password', { body: input })

export const listPeople = (client: Client, signal: AbortSignal) =>
  ask<{ data: Person[] }>(client, 'GET', '/v1/people', { signal })

export const invitePerson = (client: Client, wish: Pick<Person, 'name' | 'email' | 'role'>) =>
  ask<SignInLink & { person: Person }>(client, 'POST', '/v1/people', { body: wish })

export const makeLink = (client: Client, id: string) =>
  ask<SignInLink>(client, 'POST', `${pathOf(id)}/link`, { body: {} })

export const changeRole = (client: Client, id: string, role: Role) =>
  ask<Person>(client, 'PATCH', pathOf(id), { body: { role } })

export const removePerson = (client: Client, id: string) => ask<Pick<Person, 'id'>>(client, 'DELETE', pathOf(id), {})

const pathOf = (id: string) => `/v1/people/${encodeURIComponent(id)}`

const key = ['me'] as const

/** Who is signed in, whatever the environment; null when nobody is. */
export function useMe(): UseQueryResult<Me | null> {
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<Me | null>(anywhere, 'GET', '/v1/me', { signal }),
    staleTime: 60_000,
  })
}

/** Reads anew who is signed in, and as what. */
export function useRenewMe(): () => Promise<void> {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: key })
}

/** Nobody is signed in any more, and nothing that one person saw is left for the next. */
export function useForgetMe(): () => void {
  const queries = useQueryClient()
  return () => {
    queries.setQueryData(key, null)
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== key[0] })
  }
}
