import { type Client, isFault, openPatchbay } from '@patchbay/sdk'
import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo } from 'react'

interface Where {
  readonly client: Client
  readonly environment: string | undefined
  /** In `test` every platform is a pretend one. */
  readonly mode: string | undefined
}

const Connected = createContext<Where | null>(null)

/** For what belongs to no environment: who is there, and where they may go. */
export const anywhere = openPatchbay({ url: '' })

/** Everything below works in one environment: what was read in another is never shown in it. */
export function PatchbayProvider(props: { environment: { id: string; mode: string } | null; children: ReactNode }) {
  const { id: environment, mode } = props.environment ?? {}
  const value = useMemo(
    () => ({ client: openPatchbay({ url: '', environment: () => environment }), environment, mode }),
    [environment, mode],
  )
  return <Connected value={value}>{props.children}</Connected>
}

export function usePatchbay(): Where {
  const found = useContext(Connected)
  if (!found) throw new Error('This is not inside a PatchbayProvider.')
  return found
}

export interface ReadOptions {
  /** Reads again after so long while the page is looked at. */
  readonly everyMs?: number | false
  readonly enabled?: boolean
  /** While the next page is read, the last one stays. */
  readonly keep?: boolean
  readonly staleMs?: number
}

/** Reads through the SDK and remembers under `key`. */
export function useRead<Value>(
  key: readonly unknown[],
  read: (client: Client, signal: AbortSignal) => Promise<Value>,
  options: ReadOptions = {},
): UseQueryResult<Value> {
  const { client, environment } = usePatchbay()
  return useQuery({
    queryKey: [environment ?? '', ...key],
    queryFn: ({ signal }) => read(client, signal),
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
    staleTime: options.staleMs ?? 10_000,
    ...(options.keep && { placeholderData: keepPreviousData }),
  })
}

/** Changes something through the SDK; afterwards what stands under `renews` is read again. */
export function useAct<Input, Value>(
  act: (client: Client, input: Input) => Promise<Value>,
  renews: readonly (readonly unknown[])[] = [],
) {
  const { client, environment } = usePatchbay()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => act(client, input),
    onSettled: () =>
      Promise.all(renews.map((key) => queries.invalidateQueries({ queryKey: [environment ?? '', ...key] }))),
  })
}

/** The memory of what was read. A session that ended anywhere ends everywhere: `onSignedOut`. */
export function openQueries(onSignedOut: () => void): QueryClient {
  const onError = (error: Error) => {
    if (isFault(error, 'input.unauthenticated')) onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // Only what helps: a refusal stays one, and the person sees it at once.
        retry: (failures, error) =>
          failures < 2 && (error instanceof TypeError || (isFault(error) && error.problem.retry === 'now')),
        retryDelay: (failures) => 500 * 2 ** failures,
      },
    },
  })
}
