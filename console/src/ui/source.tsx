import { readSource } from '../address/safe-address.ts'
import { Jack } from './jack.tsx'
import { OutsideLink } from './outside-link.tsx'

/** Where a limit is taken from, with a link where there is a page. */
export function Source({ source }: { source: string }) {
  const { before, href, link, after } = readSource(source)
  return (
    <p className="mt-1.5 text-sm text-soft">
      Source: {before}
      {href && <OutsideLink href={href}>{link}</OutsideLink>}
      {after}
    </p>
  )
}

/** When no page of the platform says the number. */
export function Guess({ source }: { source: string }) {
  if (!readSource(source).guess) return null
  return (
    <span className="inline-flex items-center gap-1 rounded bg-warn-ground px-1.5 text-xs leading-5 text-warn">
      <Jack shape="partial" size={12} /> our guess
    </span>
  )
}
