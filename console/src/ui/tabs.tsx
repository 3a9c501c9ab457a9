import { Link, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { join } from './join-classes.ts'

/** Views of one thing. Each has an address, so they are links. */
export function Tabs(props: {
  label: string
  tabs: readonly { name: string; link: LinkProps; current: boolean; count?: number }[]
}) {
  const row = useCurrentInView(props.tabs.findIndex(({ current }) => current))
  return (
    <nav ref={row} aria-label={props.label} className="-mb-px overflow-x-auto">
      <ul className="flex gap-1">
        {props.tabs.map((tab) => (
          <li key={tab.name}>
            <Link
              {...tab.link}
              aria-current={tab.current ? 'page' : undefined}
              activeProps={{}}
              className={join(
                'inline-flex items-center gap-2 border-b-2 px-3 py-2 text-[0.9375rem] whitespace-nowrap no-underline',
                tab.current ? 'border-accent font-semibold text-ink' : 'border-transparent text-soft hover:text-ink',
              )}
            >
              {tab.name}
              {tab.count !== undefined && tab.count > 0 && <span className="text-xs text-soft">{tab.count}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Where there is no room for all, a row is moved until the one that is open is in its middle. */
function useCurrentInView(current: number) {
  const row = useRef<HTMLElement>(null)
  useEffect(() => {
    const frame = row.current?.getBoundingClientRect()
    const tab = row.current?.querySelectorAll('a')[current]?.getBoundingClientRect()
    if (frame && tab) row.current?.scrollBy({ left: tab.left + tab.width / 2 - frame.left - frame.width / 2 })
  }, [current])
  return row
}

/** A few choices of which one holds, with an address each: ranges, saved filters. */
export function Choices(props: {
  label: string
  choices: readonly { name: string; link: LinkProps; current: boolean }[]
}) {
  return (
    <nav aria-label={props.label}>
      <ul className="flex flex-wrap gap-0.5 rounded-lg border border-line bg-sunken p-0.5">
        {props.choices.map((choice) => (
          <li key={choice.name}>
            <Link
              {...choice.link}
              activeProps={{}}
              aria-current={choice.current ? 'true' : undefined}
              className={join(
                'block rounded-md px-2.5 py-1 text-sm whitespace-nowrap no-underline',
                choice.current ? 'bg-raised font-semibold text-ink shadow-sm' : 'text-soft hover:text-ink',
              )}
            >
              {choice.name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
