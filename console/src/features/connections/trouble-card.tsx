import { Link } from '@tanstack/react-router'
import type { Connection } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Jack, toneGround } from '../../ui/jack.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { whoActs } from '../../words/problems.ts'
import { connectionState } from '../../words/states.ts'

/** Why a connection does not stand well, who acts, since when, and what mends it. Nothing when all is well. */
export function TroubleCard({ connection, platform }: { connection: Connection; platform: string }) {
  const { id, state, reason } = connection
  const troubled = state !== 'healthy' && state !== 'pending'
  const transitions = useRead(
    ['connections', 'transitions', id],
    (client, signal) => client.connections.transitions({ id }, { signal }),
    { enabled: troubled },
  )
  if (!troubled) return null
  const words = connectionState(state)
  const fixedBy = connection.fixedBy ?? 'time'
  const since = transitions.data?.data.find(({ to }) => to === state)?.at
  return (
    <section
      aria-label="What is wrong"
      className={`mb-5 rounded-xl border border-current/40 p-4 ${toneGround[words.tone]}`}
    >
      <div className="flex gap-3">
        <span className="mt-0.5">
          <Jack shape={words.shape} size={20} />
        </span>
        <div className="min-w-0 flex-1 text-ink">
          <p className="font-semibold">{connection.says ?? words.says}</p>
          {connection.scopes.switchedOff.length > 0 && (
            <ul className="mt-2 space-y-1 text-sm">
              {connection.scopes.switchedOff.map(({ scope, streams }) => (
                <li key={scope}>
                  Without <code className="break-all">{scope}</code>:{' '}
                  {streams.length === 0
                    ? 'nothing stands still.'
                    : `nothing is read of ${streams.map(({ summary }) => summary).join('; ')}.`}
                </li>
              ))}
            </ul>
          )}
          <div className="mt-2 text-sm">
            <Facts
              facts={[
                ['Who acts', whoActs(fixedBy)],
                ...(since ? ([['Since', <RelativeTime key="since" at={since} />]] as const) : []),
                ...(reason ? ([['Cause', <code key="reason">{reason}</code>]] as const) : []),
                ['To mend it', remedy(state, fixedBy, platform)],
              ]}
            />
          </div>
          <div className="mt-3 flex flex-wrap gap-2">
            {fixedBy === 'operator' && (
              <Link
                to="/setup/apps/$app"
                params={{ app: connection.integration }}
                className={buttonClass('plain', true)}
              >
                Open the provider app
              </Link>
            )}
            <Link
              to="/connections/$connection"
              params={{ connection: id }}
              search={{ tab: 'timeline' }}
              className={buttonClass('plain', true)}
            >
              See what happened
            </Link>
          </div>
        </div>
      </div>
    </section>
  )
}

function remedy(state: Connection['state'], fixedBy: string, platform: string): string {
  if (state === 'disconnected') return 'Connect the account again. That makes a new connection.'
  if (state === 'paused') return 'Choose Resume.'
  if (fixedBy === 'owner') return 'Choose Reconnect, and have the owner of the account consent.'
  if (fixedBy === 'operator') return `Correct the app of ${platform} in the set-up.`
  if (fixedBy === 'platform') return 'Nothing here. Please report it with the cause.'
  return 'Wait: it is tried again by itself.'
}
