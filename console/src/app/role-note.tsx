import { useLocation } from '@tanstack/react-router'
import { isSetUp } from './navigation.tsx'
import { useSession } from './session.tsx'

/** Says what somebody of that role cannot change on a page, before they try. */
export function RoleNote() {
  const { role } = useSession().person
  const { pathname } = useLocation()
  const says =
    role === 'viewer'
      ? 'You are a viewer: you can look at everything here and change nothing. An owner can make you a member.'
      : role === 'member' && isSetUp(pathname)
        ? 'Owners change what is set up here. As a member you can look at it.'
        : null
  return says === null ? null : <p className="mb-5 rounded-lg bg-sunken px-3 py-2 text-sm text-soft">{says}</p>
}
