import { Link, type LinkProps, useLocation } from '@tanstack/react-router'
import { useRead } from '../data/patchbay.tsx'
import { join } from '../ui/join-classes.ts'
import type { Role } from '../words/people.ts'
import { useSession } from './session.tsx'

interface Place {
  readonly name: string
  readonly to: NonNullable<LinkProps['to']>
  /** Nobody else is offered it. */
  readonly ownersOnly?: true
}

/** Where owners set things up. */
const setUp: readonly Place[] = [
  { name: 'Provider apps', to: '/setup/apps' },
  { name: 'Platforms', to: '/setup/platforms' },
  { name: 'Event endpoints', to: '/endpoints' },
  { name: 'Notifications', to: '/setup/notifications' },
  { name: 'API keys', to: '/setup/keys' },
  { name: 'People', to: '/setup/people', ownersOnly: true },
]

const groups: readonly { name: string; places: readonly Place[] }[] = [
  {
    name: 'Panel',
    places: [
      { name: 'Overview', to: '/' },
      { name: 'Tasks', to: '/tasks' },
      { name: 'Artists', to: '/artists' },
      { name: 'Connections', to: '/connections' },
      { name: 'Metrics', to: '/metrics' },
      { name: 'Activity', to: '/activity' },
      { name: 'Webhooks', to: '/webhooks' },
      { name: 'Quotas', to: '/quotas' },
      { name: 'Scoreboard', to: '/scoreboard' },
    ],
  },
  { name: 'Set-up', places: setUp },
]

/** Where somebody of that role finds something to do. */
export const groupsFor = (role: Role) =>
  groups.map(({ name, places }) => ({
    name,
    places: places.filter(({ ownersOnly }) => !ownersOnly || role === 'owner'),
  }))

export const isSetUp = (pathname: string) => setUp.some(({ to }) => isAt(pathname, to))

const isAt = (pathname: string, to: Place['to']) =>
  to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`)

/** Each place is a socket; the plug is in the one where you are, and its cable leads into the page. */
export function Navigation({ onGo }: { onGo?: () => void }) {
  const { pathname } = useLocation()
  const { person } = useSession()
  return (
    <nav aria-label="Main" className="space-y-5">
      {groupsFor(person.role).map((group) => (
        <div key={group.name}>
          <p className="strip px-3 pb-1.5">{group.name}</p>
          <ul>
            {group.places.map(({ name, to }) => {
              const here = isAt(pathname, to)
              return (
                <li key={to} className="relative">
                  <Link
                    to={to}
                    onClick={onGo}
                    aria-current={here ? 'page' : undefined}
                    activeProps={{}}
                    className={join(
                      'flex min-h-10 items-center gap-3 rounded-lg px-3 py-1.5 text-[0.9375rem] no-underline lg:min-h-8.5 lg:py-1',
                      here ? 'font-semibold text-rack-ink' : 'text-rack-soft hover:text-rack-ink',
                    )}
                  >
                    <Socket plugged={here} />
                    {name}
                    {to === '/tasks' && <Unread />}
                    {here && (
                      <span
                        aria-hidden="true"
                        className="-mr-3 ml-auto hidden h-[3px] flex-1 rounded-l-full bg-rack-accent lg:-mr-6 lg:block"
                      />
                    )}
                  </Link>
                </li>
              )
            })}
          </ul>
        </div>
      ))}
    </nav>
  )
}

/** How many tasks the console told of that nobody has looked at. */
function Unread() {
  const { data } = useRead(
    ['notices', 'unread', 'count'],
    (client, signal) => client.notices.list({ limit: 1 }, { signal }),
    { everyMs: 60_000 },
  )
  if (!data || data.unread === 0) return null
  return (
    <span className="rounded-full bg-rack-accent px-2 text-xs leading-5 font-semibold text-[#06201b]">
      {data.unread > 99 ? '99+' : data.unread}
      <span className="sr-only"> new</span>
    </span>
  )
}

function Socket({ plugged }: { plugged: boolean }) {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" fill="none" aria-hidden="true" className="shrink-0">
      <circle cx="9" cy="9" r="7" stroke={plugged ? 'var(--rack-accent)' : 'currentColor'} strokeWidth="1.75" />
      <circle
        cx="9"
        cy="9"
        r={plugged ? 4 : 2.25}
        fill={plugged ? 'var(--rack-accent)' : 'currentColor'}
        fillOpacity={plugged ? 1 : 0.5}
      />
    </svg>
  )
}
