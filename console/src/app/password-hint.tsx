import { X } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { keepHere, keptHere } from '../ui/kept-here.ts'
import { useSession } from './session.tsx'
import { YourAccount } from './your-account.tsx'

const place = 'patchbay.password-hint'

/** For somebody who has only ever come in by a link. Closed once, it does not come back in this browser. */
export function PasswordHint() {
  const { person } = useSession()
  const [closed, setClosed] = useState(() => keptHere(place) === person.id)
  const [editing, setEditing] = useState(false)
  function close() {
    keepHere(place, person.id)
    setClosed(true)
  }
  const shown = !closed && !person.hasPassword
  return (
    <>
      {shown && (
        <section
          aria-label="Your way back"
          className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-panel py-2 pr-2 pl-4"
        >
          <p className="min-w-56 flex-1 text-soft">
            You came by a link, and it works once. With a password you come back without a new one.
          </p>
          <span className="flex items-center gap-1">
            <Button small onClick={() => setEditing(true)}>
              Set a password
            </Button>
            <Button small look="quiet" aria-label="Close this hint" className="!px-2" onClick={close}>
              <X size={16} aria-hidden />
            </Button>
          </span>
        </section>
      )}
      {editing && <YourAccount close={() => setEditing(false)} />}
    </>
  )
}
