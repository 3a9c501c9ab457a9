import type { Operations } from '@patchbay/sdk'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { useMe } from '../../data/people.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime, useNow } from '../../ui/relative-time.tsx'
import type { StateWords } from '../../words/states.ts'
import { NewKey } from './new-key.tsx'
import { VaultCard } from './vault-card.tsx'

type Key = Awaited<ReturnType<Operations['keys']['list']>>['data'][number]

/** The keys with which applications use this environment. */
export function KeysPage() {
  const query = useRead(['keys'], (client, signal) => client.keys.list({}, { signal }))
  const isOwner = useMe().data?.role === 'owner'
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Key | null>(null)
  return (
    <>
      <PageHeader
        title="API keys"
        actions={
          isOwner && (
            <Button look="primary" icon={<KeyRound size={16} aria-hidden />} onClick={() => setMaking(true)}>
              New key
            </Button>
          )
        }
      >
        Applications use Patchbay with a key. Its text is shown once, when it is made; only a hash is kept.
      </PageHeader>
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <EmptyState
                title="No keys yet"
                action={isOwner && <Button onClick={() => setMaking(true)}>Make the first one</Button>}
              />
            ) : (
              <DataTable
                caption="API keys"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Name',
                    className: 'min-w-40',
                    cell: ({ name, hint }) => (
                      <>
                        <span className="block font-medium">{name}</span>
                        <code className="text-xs text-soft">{hint}…</code>
                      </>
                    ),
                  },
                  { name: 'Standing', cell: (key) => <Standing apiKey={key} /> },
                  {
                    name: 'May',
                    cell: ({ scopes }) => (
                      <span className="flex max-w-96 flex-wrap gap-1">
                        {scopes.map((scope) => (
                          <Tag key={scope}>{scope === '*' ? 'everything' : scope}</Tag>
                        ))}
                      </span>
                    ),
                  },
                  { name: 'Last used', cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} none="never" /> },
                  { name: 'Made', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                  { name: 'Ends', cell: ({ expiresAt }) => <RelativeTime at={expiresAt} none="no end" /> },
                  {
                    name: 'Revoke',
                    head: <span className="sr-only">Revoke</span>,
                    right: true,
                    cell: (key) =>
                      isOwner &&
                      key.revokedAt === null && (
                        <Button small aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>
                          Revoke
                        </Button>
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      <VaultCard />
      {making && <NewKey close={() => setMaking(false)} />}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          verb="Revoke"
          look="danger"
          act={(client) => client.keys.revoke({ id: revoking.id })}
          renews={[['keys']]}
          told={`${revoking.name} is revoked.`}
          close={() => setRevoking(null)}
        >
          <p>At once and for good: every application that uses it is refused from now on.</p>
          <p className="text-soft">
            Last used: <RelativeTime at={revoking.lastUsedAt} none="never" />
          </p>
        </Confirm>
      )}
    </>
  )
}

function Standing({ apiKey }: { apiKey: Key }) {
  const now = useNow()
  const works: StateWords = { name: 'Works', tone: 'good', shape: 'plugged', says: 'Requests with it are answered.' }
  const revoked: StateWords = {
    name: 'Revoked',
    tone: 'quiet',
    shape: 'crossed',
    says: 'Requests with it are refused.',
  }
  const ended: StateWords = { name: 'Ended', tone: 'quiet', shape: 'empty', says: 'Requests with it are refused.' }
  if (apiKey.revokedAt !== null) return <Badge state={revoked} />
  return <Badge state={apiKey.expiresAt !== null && Date.parse(apiKey.expiresAt) <= now ? ended : works} />
}
