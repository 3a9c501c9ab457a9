import type { Operations } from '@patchbay/sdk'
import { getRouteApi } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { Pager } from '../../ui/pager.tsx'
import { useTell } from '../../ui/toast.tsx'
import { numberText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { identityState } from '../../words/states.ts'
import { dayText } from '../../words/times.ts'

type Link = Awaited<ReturnType<Operations['identity']['list']>>['data'][number]
type Decision = 'accepted' | 'refused' | 'undecided'

const route = getRouteApi('/artists/$profile')
const pageSize = 50

/** Which accounts are the artist's, why, and what a person says. */
export function IdentityTab({ profile }: { profile: string }) {
  const { after } = route.useSearch()
  const tell = useTell()
  const query = useRead(
    ['identity', profile, after],
    (client, signal) => client.identity.list({ id: profile, cursor: after, limit: pageSize }, { signal }),
    { keep: true },
  )
  const check = useAct((client, id: string) => client.identity.check({ id }), [['identity', profile]])
  const decide = useAct(
    (client, { account, decision }: { account: string; decision: Decision }) =>
      client.identity.decide({ id: profile, account, decision }),
    [
      ['identity', profile],
      ['catalogue', profile],
    ],
  )
  const error = decide.error ?? check.error
  const link = (more: { after?: string }) => ({
    to: '/artists/$profile' as const,
    params: { profile },
    search: { tab: 'identity' as const, ...more },
  })
  return (
    <Card
      flush
      label="Whose accounts these are"
      more={
        <Button
          small
          look="quiet"
          busy={check.isPending}
          icon={<RotateCw size={15} aria-hidden />}
          onClick={() => check.mutate(profile, { onSuccess: () => tell('Looked at just now.') })}
        >
          Look again
        </Button>
      }
    >
      <p className="border-b border-line px-4 py-3 text-sm text-soft">
        Numbers of another artist’s account appear here only after somebody says that it is this artist, too. What was
        said stays until it is taken back.
      </p>
      {error && (
        <div className="p-4">
          <ErrorCard problem={problemOf(error)} />
        </div>
      )}
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title="Nothing is known yet">Accounts appear here when they are connected.</EmptyState>
          ) : (
            <>
              <DataTable
                caption="Accounts and addresses of the artist"
                rows={data}
                rowKey={keyOf}
                columns={[
                  { name: 'Account', className: 'min-w-48', cell: (row) => <Account row={row} profile={profile} /> },
                  {
                    name: 'State',
                    cell: ({ state, decidedAt }) => (
                      <Badge
                        state={identityState(state)}
                        says={decidedAt ? `Said by a person on ${dayText(decidedAt)}.` : null}
                      />
                    ),
                  },
                  { name: 'Evidence', className: 'min-w-72', cell: ({ evidence }) => <Evidence evidence={evidence} /> },
                  {
                    name: 'This artist?',
                    cell: (row) => (
                      <Decide
                        row={row}
                        own={row.account?.profile === profile}
                        busy={decide.isPending && decide.variables.account === keyOf(row)}
                        decide={(decision) => decide.mutate({ account: keyOf(row), decision })}
                      />
                    ),
                  },
                ]}
              />
              <Pager
                first={after === undefined ? null : link({})}
                next={nextCursor === null ? null : link({ after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

const keyOf = ({ connection, address }: Link) => connection ?? address ?? ''

function Account({ row, profile }: { row: Link; profile: string }) {
  const { account, address } = row
  if (!account)
    return (
      <span className="break-all">
        <OutsideLink href={address}>{address ?? row.name ?? 'An account that is gone'}</OutsideLink>
        <span className="block text-sm text-soft">{address ? 'not connected' : 'disconnected'}</span>
      </span>
    )
  return (
    <span>
      <span className="block font-medium">
        <OutsideLink href={account.url}>{account.name}</OutsideLink>
      </span>
      <span className="flex flex-wrap items-center gap-x-2 text-sm text-soft">
        <ProviderName id={account.provider} />
        {account.profile !== profile && <span>of {account.profile}</span>}
      </span>
    </span>
  )
}

function Evidence({ evidence }: { evidence: Link['evidence'] }) {
  if (evidence.length === 0) return <span className="text-sm text-soft">no rule speaks for it</span>
  // The same may be said through several accounts.
  const said = new Map(evidence.toReversed().map((one) => [one.says, one]))
  return (
    <ul className="space-y-0.5 text-sm">
      {[...said.values()].reverse().map(({ confidence, says, since }) => (
        <li key={says} title={`Since ${dayText(since)}`} className="flex gap-2">
          <span className="number w-10 shrink-0 text-right text-soft">{numberText(confidence, 'ratio')}</span>
          <span className="min-w-0 [overflow-wrap:anywhere]">{says}</span>
        </li>
      ))}
    </ul>
  )
}

/** An account that was connected for this artist is taken for the artist's without a word. */
function Decide(props: { row: Link; own: boolean; busy: boolean; decide: (decision: Decision) => void }) {
  const { row, own, busy, decide } = props
  const name = row.account?.name ?? row.address ?? row.name ?? ''
  if (row.decidedAt !== null)
    return (
      <Button small look="quiet" busy={busy} aria-label={`Take back: ${name}`} onClick={() => decide('undecided')}>
        Take back
      </Button>
    )
  return (
    <span className="flex gap-1.5">
      {!own && (
        <Button small busy={busy} aria-label={`Yes: ${name}`} onClick={() => decide('accepted')}>
          Yes
        </Button>
      )}
      <Button small look="quiet" busy={busy} aria-label={`No: ${name}`} onClick={() => decide('refused')}>
        No
      </Button>
    </span>
  )
}
