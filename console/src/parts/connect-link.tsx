import { Link } from '@tanstack/react-router'
import { Cable } from 'lucide-react'
import { useMe } from '../data/people.ts'
import { buttonClass } from '../ui/button.tsx'

/** The way to connect an account, for an artist where one is named. Nothing for viewers, who may not. */
export function ConnectLink(props: { profile?: string; className?: string; onClick?: () => void }) {
  const me = useMe()
  if (me.data?.role === 'viewer') return null
  return (
    <Link
      to="/connect"
      search={props.profile === undefined ? {} : { profile: props.profile }}
      onClick={props.onClick}
      className={props.className ?? buttonClass('primary')}
    >
      <Cable size={17} aria-hidden /> Connect an account
    </Link>
  )
}
