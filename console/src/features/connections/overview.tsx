import { Link } from '@tanstack/react-router'
import type { Connection } from '../../data/manifest.ts'
import { useIntegrations } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { StreamTable } from './streams.tsx'

/** What it is, and how its streams stand. */
export function OverviewTab({ connection }: { connection: Connection }) {
  const { account } = connection
  const integrations = useIntegrations()
  const app = integrations.data?.data.find(({ id }) => id === connection.integration)
  const streams = useRead(
    ['connections', 'streams', connection.id],
    (client, signal) => client.connections.streams({ id: connection.id }, { signal }),
    { everyMs: 15_000 },
  )
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5 xl:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)]">
      <Card flush label="Streams">
        <Loaded query={streams}>{({ data }) => <StreamTable connection={connection} streams={data} short />}</Loaded>
      </Card>
      <Card
        label="Account"
        more={
          <Link
            to="/metrics"
            search={{ connections: connection.id }}
            className="text-sm underline decoration-edge underline-offset-4"
          >
            Its numbers
          </Link>
        }
      >
        <Facts
          facts={[
            [
              'Name',
              <OutsideLink key="name" href={account.url}>
                {account.name}
              </OutsideLink>,
            ],
            ['Handle', account.handle ?? 'none'],
            ['Kind', account.kind],
            ['Read as', account.ownership === 'owned' ? 'its owner consented' : account.ownership],
            ['Platform’s id', <CopyId key="id" id={account.id} />],
            [
              'Provider app',
              <Link
                key="app"
                to="/setup/apps/$app"
                params={{ app: connection.integration }}
                className="underline decoration-edge underline-offset-4"
              >
                {app?.name ?? connection.integration}
              </Link>,
            ],
            ['Connected', <RelativeTime key="created" at={connection.createdAt} />],
          ]}
        />
      </Card>
    </div>
  )
}
