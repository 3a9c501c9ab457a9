import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { connectAddress } from '../../address/safe-address.ts'
import { useRead } from '../../data/patchbay.tsx'
import { onConnectWindowEnd } from '../../parts/connect-window.ts'
import { Badge } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { sessionState } from '../../words/states.ts'
import { FirstSync } from './first-sync.tsx'

/** What becomes of an invitation: waiting, connected, failed, too old. */
export function Invitation({ session, profile }: { session: string; profile: string | undefined }) {
  const query = useRead(
    ['connectSessions', session],
    (client, signal) => client.connectSessions.read({ id: session }, { signal }),
    { everyMs: 2_000 },
  )
  const { refetch } = query
  useEffect(() => onConnectWindowEnd(() => void refetch()), [refetch])
  const url = rememberedLink(session)
  return (
    <Loaded query={query}>
      {({ state, connections, says, expiresAt }) =>
        connections.length > 0 ? (
          <FirstSync connections={connections} profile={profile} />
        ) : (
          <Card label="Consent">
            <p className="flex flex-wrap items-center gap-3">
              <Badge state={sessionState(state)} />
              {state === 'open' && (
                <span className="text-soft">
                  The link ends <RelativeTime at={expiresAt} />.
                </span>
              )}
            </p>
            {says && <p className="mt-3">{says}</p>}
            {state === 'open' && url && (
              <div className="mt-4 max-w-xl space-y-3">
                <p>
                  Go on in the window that was opened. Or send this link to the artist: it works once, in any browser.
                </p>
                <CopyId id={url} wide label="the link" />
                <a href={connectAddress(url, location.href) ?? undefined} className={buttonClass('plain', true)}>
                  Open it in this tab
                </a>
              </div>
            )}
            {state !== 'open' && (
              <Link to="/connect" search={profile ? { profile } : {}} className={`${buttonClass('primary')} mt-4`}>
                Try again
              </Link>
            )}
          </Card>
        )
      }
    </Loaded>
  )
}

function rememberedLink(session: string): string | null {
  try {
    return sessionStorage.getItem(`patchbay.connect.${session}`)
  } catch {
    return null
  }
}
