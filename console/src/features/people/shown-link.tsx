import type { SignInLink } from '../../data/people.ts'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'

/** A link that was just made for somebody, to be handed over. */
export function ShownLink({ made, name, close }: { made: SignInLink; name: string; close: () => void }) {
  return (
    <ShownOnce secret={made.link} label="the link" close={close}>
      Send it to {name} yourself: nobody else does. It is shown this one time, and whoever opens it first is signed in
      as {name}. It ends <RelativeTime at={made.linkEndsAt} />.
    </ShownOnce>
  )
}
