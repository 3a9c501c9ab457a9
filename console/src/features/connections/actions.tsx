import type { Client } from '@patchbay/sdk'
import { ListRestart, Pause, Play, RotateCw, Stethoscope, Unplug } from 'lucide-react'
import { useState } from 'react'
import type { Connection } from '../../data/manifest.ts'
import { useAct } from '../../data/patchbay.tsx'
import { Reconnect } from '../../parts/reconnect.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { useTell } from '../../ui/toast.tsx'
import { countText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { connectionState } from '../../words/states.ts'
import { Disconnect } from './disconnect.tsx'

const renews = [['connections'], ['tasks'], ['runs'], ['profiles', 'summary']]

/** What can be done with a connection. A failure stays under the buttons until something else is tried. */
export function Actions({ connection }: { connection: Connection }) {
  const { id, state } = connection
  const tell = useTell()
  const [asking, setAsking] = useState(false)
  const act = useAct((client, work: Work) => work.run(client), renews)
  const busy = (name: string) => act.isPending && act.variables.name === name

  function run(name: string, work: (client: Client) => Promise<string>, undo?: () => void) {
    act.mutate({ name, run: work }, { onSuccess: (says) => tell(says, undo) })
  }
  const resume = () =>
    run('resume', async (client) => {
      const changed = await client.connections.resume({ id })
      return `Resumed: ${connectionState(changed.state).name.toLowerCase()}.`
    })
  const pause = () =>
    run(
      'pause',
      async (client) => {
        await client.connections.pause({ id })
        return 'Paused. Nothing is read until it is resumed.'
      },
      resume,
    )

  if (state === 'disconnected') return null
  const readable = state === 'healthy' || state === 'degraded' || state === 'pending'
  return (
    <div className="flex max-w-full flex-col items-start gap-2 sm:items-end">
      <div className="flex flex-wrap gap-2">
        {readable && (
          <>
            <Button
              icon={<RotateCw size={16} aria-hidden />}
              busy={busy('refresh')}
              onClick={() =>
                run('refresh', async (client) => {
                  const { done } = await client.connections.refresh({ id })
                  return done
                    ? 'The headline numbers were read just now.'
                    : 'Still being read. They appear when they are there.'
                })
              }
            >
              Read now
            </Button>
            <Button
              icon={<ListRestart size={16} aria-hidden />}
              busy={busy('sync')}
              onClick={() =>
                run('sync', async (client) => {
                  const { woken } = await client.connections.sync({ id })
                  return woken === 0
                    ? 'Nothing could be woken: every stream is blocked.'
                    : `${countText(woken, 'stream')} will be read next.`
                })
              }
            >
              Sync all
            </Button>
          </>
        )}
        {state === 'paused' ? (
          <Button look="primary" icon={<Play size={16} aria-hidden />} busy={busy('resume')} onClick={resume}>
            Resume
          </Button>
        ) : (
          readable && (
            <Button icon={<Pause size={16} aria-hidden />} busy={busy('pause')} onClick={pause}>
              Pause
            </Button>
          )
        )}
        {state !== 'paused' && (
          <Button
            icon={<Stethoscope size={16} aria-hidden />}
            busy={busy('validate')}
            onClick={() =>
              run('validate', async (client) => {
                const { works, says, state } = await client.connections.validate({ id })
                return works ? `It works: ${connectionState(state).name.toLowerCase()}.` : `It does not work: ${says}`
              })
            }
          >
            Validate
          </Button>
        )}
        <Reconnect
          connection={id}
          name={connection.account.name}
          look={state === 'needs_reauth' || state === 'revoked' ? 'primary' : 'plain'}
        />
        <Button icon={<Unplug size={16} aria-hidden />} onClick={() => setAsking(true)}>
          Disconnect
        </Button>
      </div>
      {act.error && (
        <div className="w-full max-w-xl">
          <ErrorCard problem={problemOf(act.error)} />
        </div>
      )}
      <Disconnect connection={connection} open={asking} close={() => setAsking(false)} />
    </div>
  )
}

interface Work {
  readonly name: string
  readonly run: (client: Client) => Promise<string>
}
