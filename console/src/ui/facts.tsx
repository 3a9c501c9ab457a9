import type { ReactNode } from 'react'

/** Names and what they are, one a line. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, fact: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] gap-x-5 gap-y-1.5">
      {facts.map(([name, fact]) => (
        <div key={name} className="contents">
          <dt className="text-soft [overflow-wrap:normal]">{name}</dt>
          <dd className="min-w-0">{fact}</dd>
        </div>
      ))}
    </dl>
  )
}
