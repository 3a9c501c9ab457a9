import type { Connection } from '../../data/manifest.ts'
import { useProviderLook } from '../../data/manifest.ts'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { useTell } from '../../ui/toast.tsx'
import { countText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'

/** What unplugging does, said before it is done. Nothing that was read is deleted, so no name has to be typed. */
export function Disconnect(props: { connection: Connection; open: boolean; close: () => void }) {
  const { connection, open, close } = props
  const tell = useTell()
  const platform = useProviderLook()(connection.provider).name
  const streams = useRead(
    ['connections', 'streams', connection.id],
    (client, signal) => client.connections.streams({ id: connection.id }, { signal }),
    { enabled: open },
  )
  const act = useAct(
    (client, id: string) => client.connections.disconnect({ id }),
    [['connections'], ['tasks'], ['profiles', 'summary']],
  )
  return (
    <Question
      open={open}
      close={close}
      title={`Disconnect ${connection.account.name}?`}
      actions={
        <>
          <Button onClick={close}>Keep it connected</Button>
          <Button
            look="danger"
            busy={act.isPending}
            onClick={() =>
              act.mutate(connection.id, {
                onSuccess: () => {
                  close()
                  tell(`${connection.account.name} is disconnected.`)
                },
              })
            }
          >
            Disconnect
          </Button>
        </>
      }
    >
      <ul className="list-disc space-y-1.5 pl-5">
        <li>
          {streams.data ? countText(streams.data.data.length, 'stream') : 'Its streams'} of {platform} will not be read
          any more.
        </li>
        <li>
          Its tokens are given back at {platform}, unless another connection of the same consent still needs them.
        </li>
        <li>Applications that call {platform} through this connection get refusals from now on.</li>
        <li>The numbers and items that were read stay.</li>
        <li>It cannot be undone: connecting the account again makes a new connection with a new id.</li>
      </ul>
      {act.error && <ErrorCard problem={problemOf(act.error)} />}
    </Question>
  )
}
