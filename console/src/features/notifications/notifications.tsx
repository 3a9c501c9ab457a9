import { BellPlus } from 'lucide-react'
import { useState } from 'react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { leaveHere } from '../../data/this-device.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Question } from '../../ui/drawer.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { useTell } from '../../ui/toast.tsx'
import { problemOf } from '../../words/problems.ts'
import type { StateWords } from '../../words/states.ts'
import { taskKindName } from '../../words/tasks.ts'
import { type Channel, ChannelForm } from './channel-form.tsx'

/** Where people are told of tasks, and when they are left in peace. */
export function NotificationsPage() {
  const query = useRead(['channels'], (client, signal) => client.channels.list({}, { signal }), { everyMs: 60_000 })
  const [editing, setEditing] = useState<Channel | 'new' | null>(null)
  const [removing, setRemoving] = useState<Channel | null>(null)
  return (
    <>
      <PageHeader
        title="Notifications"
        actions={
          <Button look="primary" icon={<BellPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
            New channel
          </Button>
        }
      >
        Who is told when a task opens. Each channel tells of each task once; in its quiet hours it waits and then tells
        everything in one letter.
      </PageHeader>
      <Card flush>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <EmptyState
                title="Nobody is told"
                action={<Button onClick={() => setEditing('new')}>Make the first channel</Button>}
              >
                Tasks still open, and stand under Tasks.
              </EmptyState>
            ) : (
              <DataTable
                caption="Channels"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Channel',
                    className: 'min-w-44',
                    cell: (channel) => (
                      <>
                        <span className="block font-medium">{channel.name}</span>
                        <span className="block text-sm [overflow-wrap:anywhere] text-soft">{addressText(channel)}</span>
                      </>
                    ),
                  },
                  { name: 'Standing', className: 'min-w-40', cell: (channel) => <Standing channel={channel} /> },
                  { name: 'Tells of', cell: ({ kinds }) => <Kinds kinds={kinds} /> },
                  { name: 'Quiet', className: 'min-w-32', cell: ({ quiet }) => <Quiet quiet={quiet} /> },
                  {
                    name: 'Actions',
                    head: <span className="sr-only">Actions</span>,
                    right: true,
                    cell: (channel) => (
                      <span className="inline-flex gap-2">
                        {channel.address.kind !== 'console' && <Test channel={channel} />}
                        <Button small aria-label={`Change ${channel.name}`} onClick={() => setEditing(channel)}>
                          Change
                        </Button>
                        {channel.address.kind !== 'console' && (
                          <Button small aria-label={`Remove ${channel.name}`} onClick={() => setRemoving(channel)}>
                            Remove
                          </Button>
                        )}
                      </span>
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {editing && <ChannelForm channel={editing === 'new' ? null : editing} close={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={`Remove ${removing.name}?`}
          verb="Remove"
          look="danger"
          act={async (client) => {
            await client.channels.remove({ id: removing.id })
            await leaveHere(removing.id)
          }}
          renews={[['channels'], ['tasks']]}
          told={`${removing.name} is removed.`}
          close={() => setRemoving(null)}
        >
          <p>What it has not told yet is not told any more. The tasks themselves stay.</p>
        </Confirm>
      )}
    </>
  )
}

function addressText({ address }: Channel): string {
  switch (address.kind) {
    case 'console':
      return 'The count beside Tasks'
    case 'email':
      return `E-mail · ${address.to.join(', ')}`
    case 'webhook':
      return `Webhook · ${address.url}`
    case 'push':
      return `Device · ${address.service ?? 'has not joined yet'}`
  }
}

const works: StateWords = { name: 'On', tone: 'good', shape: 'plugged', says: 'Nothing that was sent has failed.' }
const off: StateWords = { name: 'Off', tone: 'quiet', shape: 'paused', says: 'Nothing is told here.' }
const fails: StateWords = { name: 'Fails', tone: 'bad', shape: 'crossed', says: 'Nothing gets through.' }

function Standing({ channel }: { channel: Channel }) {
  if (!channel.enabled) return <Badge state={off} />
  if (channel.failingSince === null) return <Badge state={works} />
  return (
    <>
      <Badge state={fails} />
      <span className="mt-0.5 block max-w-80 text-sm text-soft">
        Since <RelativeTime at={channel.failingSince} />: {channel.failingSays}
      </span>
    </>
  )
}

function Kinds({ kinds }: { kinds: readonly string[] | null }) {
  if (kinds === null) return <Tag>everything</Tag>
  return (
    <span className="flex flex-wrap gap-1">
      {kinds.map((kind) => (
        <Tag key={kind}>{taskKindName(kind)}</Tag>
      ))}
    </span>
  )
}

function Quiet({ quiet }: { quiet: Channel['quiet'] }) {
  if (quiet === null) return <span className="text-soft">never</span>
  return (
    <>
      <span className="number block whitespace-nowrap">
        {quiet.from}–{quiet.to}
      </span>
      <span className="block text-sm text-soft">
        {quiet.zone}
        {quiet.highPasses && '; what is urgent passes'}
      </span>
    </>
  )
}

function Test({ channel }: { channel: Channel }) {
  const tell = useTell()
  const test = useAct((client, id: string) => client.channels.test({ id }), [['channels']])
  const says = test.data && !test.data.works ? test.data.says : null
  return (
    <>
      <Button
        small
        busy={test.isPending}
        aria-label={`Test ${channel.name}`}
        onClick={() =>
          test.mutate(channel.id, { onSuccess: (answer) => answer.works && tell(answer.says ?? 'It was taken.') })
        }
      >
        Test
      </Button>
      <Question
        open={says !== null || test.error !== null}
        close={() => test.reset()}
        title="It did not get through"
        actions={<Button onClick={() => test.reset()}>Close</Button>}
      >
        {says !== null && <p>{says}</p>}
        {test.error && <ErrorCard problem={problemOf(test.error)} />}
      </Question>
    </>
  )
}
