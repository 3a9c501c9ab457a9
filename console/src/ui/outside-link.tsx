import { ExternalLink } from 'lucide-react'
import type { ReactNode } from 'react'
import { safeAddress } from '../address/safe-address.ts'

/** A link to another site; only its text where the address is not to be trusted. */
export function OutsideLink({ href, children }: { href: string | null; children: ReactNode }) {
  const address = safeAddress(href)
  if (address === null) return <span>{children}</span>
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer"
      className="underline decoration-edge underline-offset-4 hover:decoration-accent"
    >
      {children}
      <ExternalLink size={13} aria-label="(opens another site)" className="ml-1 inline align-baseline text-soft" />
    </a>
  )
}
