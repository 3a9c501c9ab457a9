import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { listPeople, type Person, removePerson, useMe } from '../../data/people.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { personState, roleWords } from '../../words/people.ts'
import { ChangeRole } from './change-role.tsx'
import { Invite } from './invite.tsx'
import { NewLink } from './new-link.tsx'

type Asked = { readonly what: 'link' | 'role' | 'remove'; readonly person: Person }

/** Who may sign in to this server, and what each of them may do. */
export function PeoplePage() {
  const { data: me } = useMe()
  if (me?.role === 'owner') return <Room myId={me.id} />
  return (
    <>
      <PageHeader title="People" />
      <Card>
        <EmptyState title="Only owners see who is here">
          An owner of this server invites people, says what each may do, and makes a new link for whoever cannot come
          in. Ask one of them if something has to change.
        </EmptyState>
      </Card>
    </>
  )
}

function Room({ myId }: { myId: string }) {
  const query = useRead(['people'], listPeople)
  const [inviting, setInviting] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = () => setAsked(null)
  return (
    <>
      <PageHeader
        title="People"
        actions={
          <Button look="primary" icon={<UserPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>
            Invite somebody
          </Button>
        }
      >
        Who may sign in to this server. They see all of its environments; what they may do there depends on their role.
      </PageHeader>
      <Card flush>
        <Loaded query={query}>
          {({ data }) => (
            <DataTable
              caption="People"
              rows={data}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'Name',
                  className: 'min-w-44',
                  cell: ({ id, name, email, hasOwnAddress }) => (
                    <>
                      <span className="font-medium [overflow-wrap:anywhere]">{name}</span>{' '}
                      {id === myId && <Tag>you</Tag>}
                      <span className="block text-sm [overflow-wrap:anywhere] text-soft">
                        {hasOwnAddress ? email : 'no address yet'}
                      </span>
                    </>
                  ),
                },
                {
                  name: 'Role',
                  cell: ({ role }) => <span title={roleWords[role].says}>{roleWords[role].name}</span>,
                },
                { name: 'Standing', cell: ({ hasSignedIn }) => <Badge state={personState(hasSignedIn)} /> },
                { name: 'Last sign-in', cell: ({ lastSignInAt }) => <RelativeTime at={lastSignInAt} none="never" /> },
                { name: 'Since', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                {
                  name: 'Actions',
                  head: <span className="sr-only">Actions</span>,
                  right: true,
                  cell: (person) => <Actions person={person} isMe={person.id === myId} ask={setAsked} />,
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
      {inviting && <Invite close={() => setInviting(false)} />}
      {asked?.what === 'link' && <NewLink person={asked.person} close={close} />}
      {asked?.what === 'role' && <ChangeRole person={asked.person} isMe={asked.person.id === myId} close={close} />}
      {asked?.what === 'remove' && (
        <Confirm
          title={`Remove ${asked.person.name}?`}
          verb="Remove"
          look="danger"
          act={(client) => removePerson(client, asked.person.id)}
          renews={[['people']]}
          told={`${asked.person.name} is removed.`}
          close={close}
        >
          <p>
            They are signed out at once, and no link or password of theirs works any more. What they connected stays,
            and so does what the audit says of them.
          </p>
        </Confirm>
      )}
    </>
  )
}

/** Nobody takes away their own way in: an account that is not wanted any more is removed by another owner. */
function Actions(props: { person: Person; isMe: boolean; ask: (asked: Asked) => void }) {
  const { person, isMe, ask } = props
  const wanted = [
    ['link', 'New link', `New link for ${person.name}`],
    ['role', 'Change role', `Change the role of ${person.name}`],
    ['remove', 'Remove', `Remove ${person.name}`],
  ] as const
  return (
    <span className="inline-flex gap-2">
      {wanted.map(
        ([what, text, label]) =>
          (what === 'role' || !isMe) && (
            <Button key={what} small aria-label={label} onClick={() => ask({ what, person })}>
              {text}
            </Button>
          ),
      )}
    </span>
  )
}
