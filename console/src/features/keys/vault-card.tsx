import { type Client, isFault, type Operations } from '@patchbay/sdk'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'

type Vault = Awaited<ReturnType<Operations['vault']['status']>>

/** The keys that stored secrets are sealed with, for owners: nobody else is shown that there is such a thing. */
export function VaultCard() {
  const query = useRead(['vault'], (client, signal) => client.vault.status({}, { signal }), { everyMs: 5_000 })
  const [asking, setAsking] = useState<keyof typeof questions | null>(null)
  if (isFault(query.error, 'input.forbidden')) return null
  return (
    <Card label="Stored secrets" className="mt-6">
      <Loaded query={query}>
        {({ key, dataKey }) => (
          <>
            <Facts
              facts={[
                ['Sealed with', <Sealed key="sealed" dataKey={dataKey} />],
                ['Wrapped by', <Wrapped key="wrapped" of={key} />],
              ]}
            />
            <div className="mt-4 flex flex-wrap gap-2">
              <Button
                small
                disabled={dataKey.state !== 'settled' || dataKey.version === 0}
                onClick={() => setAsking('dataKey')}
              >
                Replace the data key
              </Button>
              <Button small disabled={key.state === 'rewrapping'} onClick={() => setAsking('key')}>
                Replace the encryption key
              </Button>
            </div>
          </>
        )}
      </Loaded>
      {asking && (
        <Confirm
          title={questions[asking].title}
          verb="Replace"
          look="primary"
          act={questions[asking].act}
          renews={[['vault']]}
          told={questions[asking].told}
          close={() => setAsking(null)}
        >
          <p>{questions[asking].says}</p>
        </Confirm>
      )}
    </Card>
  )
}

function Sealed({ dataKey }: { dataKey: Vault['dataKey'] }) {
  const { version, state, done, total, createdAt, olderRetireAt } = dataKey
  if (version === 0) return <>no data key yet: nothing was stored</>
  return (
    <>
      data key {version}, made <RelativeTime at={createdAt} />
      {state === 'resealing' && <Progress done={done} total={total} what="secrets sealed with it" />}
      {state === 'settling' && (
        <span className="block text-soft">
          Every secret is sealed with it; the one before goes <RelativeTime at={olderRetireAt} />
        </span>
      )}
    </>
  )
}

const keyWords: Readonly<Record<Vault['key']['state'], string | null>> = {
  settled: null,
  rewrapping: null,
  newer: 'A newer key is there and waits to be used.',
  settling: 'The one before is not needed any more.',
  unreachable: 'Whoever holds it does not answer. What is in use goes on for an hour.',
}

function Wrapped({ of: key }: { of: Vault['key'] }) {
  const says = keyWords[key.state]
  return (
    <>
      encryption key <code className="inline-block text-sm break-all">{key.id}</code>
      {key.state === 'rewrapping' && <Progress done={key.done} total={key.total} what="data keys wrapped by it" />}
      {says !== null && <span className="block text-soft">{says}</span>}
    </>
  )
}

function Progress({ done, total, what }: { done: number; total: number; what: string }) {
  return (
    <span className="mt-1 block text-soft">
      <progress
        className="mr-2 w-32 align-middle accent-current"
        value={done}
        max={Math.max(1, total)}
        aria-label={what}
      />
      {done.toLocaleString('en-US')} of {total.toLocaleString('en-US')} {what}
    </span>
  )
}

const questions = {
  dataKey: {
    title: 'Replace the data key of this environment?',
    says: 'Every stored secret is sealed anew while everything goes on. The key before is destroyed when no process can need it any more.',
    told: 'A new data key is in use.',
    act: (client: Client) => client.vault.rotateDataKeys({}),
  },
  key: {
    title: 'Replace the encryption key of all environments?',
    says: 'Every data key is wrapped anew while everything goes on; no secret is touched. Make a copy of the new key afterwards, apart from the database.',
    told: 'A newer encryption key is in use.',
    act: (client: Client) => client.vault.rotateKey({}),
  },
}
