import { Link } from '@tanstack/react-router'

const className = 'font-mono text-sm underline decoration-edge underline-offset-4'

/** By its id, where its name is not at hand. */
export function ArtistLink({ profile }: { profile: string }) {
  return (
    <Link to="/artists/$profile" params={{ profile }} className={className}>
      {profile}
    </Link>
  )
}

export function ConnectionLink({ connection }: { connection: string }) {
  return (
    <Link to="/connections/$connection" params={{ connection }} className={className}>
      {connection}
    </Link>
  )
}
