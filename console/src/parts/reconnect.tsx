import { useQueryClient } from '@tanstack/react-query'
import { PlugZap } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useAct, usePatchbay } from '../data/patchbay.tsx'
import { Button, type buttonClass } from '../ui/button.tsx'
import { CopyId } from '../ui/copy-id.tsx'
import { Question } from '../ui/drawer.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { problemOf } from '../words/problems.ts'
import { onConnectWindowEnd, openConnectWindow } from './connect-window.ts'

/** The owner consents again, here or wherever they open the link. Id, history and cursors stay. */
export function Reconnect(props: {
  connection: string
  /** Whose it is, for the title of the question. */
  name?: string
  look: Parameters<typeof buttonClass>[0]
  small?: boolean
  children?: ReactNode
}) {
  const [open, setOpen] = useState(false)
  const queries = useQueryClient()
  const { environment } = usePatchbay()
  const create = useAct((client, id: string) =>
    client.connections.reconnect({ id, returnUrl: returnUrl(id, environment) }),
  )
  useEffect(() => onConnectWindowEnd(() => void queries.invalidateQueries()), [queries])

  function openHere() {
    const consent = openConnectWindow()
    create.mutate(props.connection, {
      onSuccess: ({ url }) => {
        consent.go(url)
        setOpen(false)
      },
      onError: () => consent.cancel(),
    })
  }
  return (
    <>
      <Button
        look={props.look}
        small={props.small}
        icon={<PlugZap size={16} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        {props.children ?? 'Reconnect'}
      </Button>
      <Question
        open={open}
        close={() => {
          setOpen(false)
          create.reset()
        }}
        title={`Reconnect ${props.name ?? 'the account'}`}
        actions={
          <>
            <Button busy={create.isPending} onClick={() => create.mutate(props.connection)}>
              Make a link to send
            </Button>
            <Button look="primary" busy={create.isPending} onClick={openHere}>
              Consent here
            </Button>
          </>
        }
      >
        <p>
          The owner of the account has to consent, and with this very account: another one is refused. The connection
          keeps its id, its history and its place in every list.
        </p>
        {create.data && (
          <div>
            <p className="mb-1 font-medium">
              Send this to the owner. It works once, until <RelativeTime at={create.data.expiresAt} />.
            </p>
            <CopyId id={create.data.url} wide label="the link" />
          </div>
        )}
        {create.error && <ErrorCard problem={problemOf(create.error)} />}
      </Question>
    </>
  )
}

function returnUrl(id: string, environment: string | undefined): string {
  const url = new URL(`/console/connections/${encodeURIComponent(id)}`, location.origin)
  if (environment !== undefined) url.searchParams.set('env', environment)
  return url.href
}
