import { Link, type LinkProps } from '@tanstack/react-router'
import { ChevronRight, ChevronsLeft } from 'lucide-react'
import { buttonClass } from './button.tsx'

/** Leads through a list of any length, one page of the API at a time. The browser's own Back leads back. */
export function Pager(props: { first: LinkProps | null; next: LinkProps | null; says?: string }) {
  if (!props.first && !props.next && !props.says) return null
  return (
    <nav
      aria-label="Pages"
      className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-2.5"
    >
      <span className="text-sm text-soft">{props.says}</span>
      <span className="flex gap-2">
        {props.first && (
          <Link {...props.first} className={buttonClass('plain', true)}>
            <ChevronsLeft size={16} aria-hidden /> First page
          </Link>
        )}
        {props.next && (
          <Link {...props.next} className={buttonClass('plain', true)}>
            Next page <ChevronRight size={16} aria-hidden />
          </Link>
        )}
      </span>
    </nav>
  )
}
