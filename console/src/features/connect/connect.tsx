import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { endConnectWindow } from '../../parts/connect-window.ts'
import { Card } from '../../ui/card.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { ChooseArtist } from './choose-artist.tsx'
import { ChoosePlatform } from './choose-platform.tsx'
import { FirstSync } from './first-sync.tsx'
import { Invitation } from './invitation.tsx'

const route = getRouteApi('/connect')

/** From an artist to the first numbers. Each step stands in the address, so that a reload or a way back loses nothing. */
export function ConnectPage() {
  const search = route.useSearch()
  const ended = search.status !== undefined || search.connected !== undefined
  const [closing, setClosing] = useState(false)
  useEffect(() => {
    if (ended) setClosing(endConnectWindow())
  }, [ended])

  if (closing)
    return (
      <Card>
        <p className="text-lg font-semibold">Done. This window can be closed.</p>
        <p className="text-soft">The console goes on in the window that opened this one.</p>
      </Card>
    )
  const step = search.connected || search.session ? 3 : search.profile ? 2 : 1
  return (
    <>
      <PageHeader title="Connect an account" />
      <Steps step={step} />
      {search.connected ? (
        <FirstSync connections={search.connected.split(',').filter(Boolean)} profile={search.profile} />
      ) : search.session ? (
        <Invitation session={search.session} profile={search.profile} />
      ) : search.profile ? (
        <ChoosePlatform profile={search.profile} />
      ) : (
        <ChooseArtist after={search.after} />
      )}
    </>
  )
}

/** Three sockets on one cable. */
function Steps({ step }: { step: number }) {
  return (
    <ol className="mb-6 flex max-w-2xl items-start">
      {['Artist', 'Account', 'First numbers'].map((name, index) => {
        const reached = index + 1 <= step
        return (
          <li
            key={name}
            aria-current={index + 1 === step ? 'step' : undefined}
            className="relative flex flex-1 flex-col items-center text-center text-sm last:flex-1"
          >
            {index > 0 && (
              <span
                aria-hidden="true"
                className={`absolute top-[0.6875rem] right-1/2 -z-0 h-[3px] w-full ${reached ? 'bg-accent' : 'bg-line'}`}
              />
            )}
            <span
              aria-hidden="true"
              className={`z-[1] grid size-6 place-items-center rounded-full border-2 bg-ground ${reached ? 'border-accent' : 'border-edge'}`}
            >
              <span className={`size-2.5 rounded-full ${reached ? 'bg-accent' : 'bg-line'}`} />
            </span>
            <span className={index + 1 === step ? 'mt-1 font-semibold' : 'mt-1 text-soft'}>{name}</span>
          </li>
        )
      })}
    </ol>
  )
}
