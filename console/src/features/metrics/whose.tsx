import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Connection } from '../../data/manifest.ts'
import { useProviderLook } from '../../data/manifest.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { inputClass } from '../../ui/field.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { join } from '../../ui/join-classes.ts'
import { idsOf } from '../../words/id-list.ts'
import { countText } from '../../words/numbers.ts'
import { shownOf } from './numbers.tsx'

const route = getRouteApi('/metrics')
const shownAtFirst = 12

/** Whose numbers are shown: each account is a switch, and one more can be added. */
export function Whose(props: { connections: readonly Connection[]; more: boolean; name: string | null }) {
  const { connections, more, name } = props
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const look = useProviderLook()
  const [all, setAll] = useState(false)
  const [typed, setTyped] = useState('')
  const { profile } = search
  const shown = new Set(shownOf(connections, search.connections).map(({ id }) => id))
  const clean = { ...search, total: undefined, within: undefined, why: undefined, group: undefined }

  /** What the address names after one account was switched. All accounts of a profile are the profile itself. */
  function switched(id: string) {
    const next = connections.map((each) => each.id).filter((each) => (each === id) !== shown.has(each))
    const whole = profile !== undefined && !more && next.length === connections.length
    return { ...clean, connections: whole || next.length === 0 ? undefined : next.join(',') }
  }
  function add(event: FormEvent) {
    event.preventDefault()
    const next = [...new Set([...shown, ...idsOf(typed)])]
    setTyped('')
    void navigate({ search: { ...clean, profile: undefined, connections: next.join(',') } })
  }

  return (
    <Card
      className="mb-4"
      label={
        profile === undefined ? (
          countText(connections.length, 'account')
        ) : (
          <Link to="/artists/$profile" params={{ profile }} className="text-inherit">
            {name ?? profile}
          </Link>
        )
      }
      more={
        <Link to="/metrics" search={{ metric: search.metric }} className={buttonClass('plain', true)}>
          Somebody else
        </Link>
      }
    >
      <ul aria-label="Accounts whose numbers are shown" className="flex flex-wrap gap-2">
        {(all ? connections : connections.slice(0, shownAtFirst)).map(({ id, account, provider }) => {
          const on = shown.has(id)
          return (
            <li key={id} className="max-w-full">
              <button
                type="button"
                aria-pressed={on}
                // The last one stays: nobody's numbers are no page.
                disabled={on && shown.size === 1}
                onClick={() => void navigate({ search: switched(id), resetScroll: false })}
                className={join(
                  'flex max-w-full items-center gap-2 rounded-full border py-1 pr-3 pl-1.5 text-sm disabled:cursor-default',
                  on ? 'border-accent bg-accent-ground text-ink' : 'border-line bg-panel text-soft hover:text-ink',
                )}
              >
                <CableMark {...look(provider)} size={22} />
                <span className="min-w-0 truncate">
                  {look(provider).name} · {account.handle ?? account.name}
                </span>
                {on && shown.size > 1 && <X size={14} aria-hidden className="shrink-0 text-soft" />}
              </button>
            </li>
          )
        })}
        {connections.length > shownAtFirst && (
          <li>
            <Button look="quiet" small aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? 'Fewer accounts' : `All ${connections.length} accounts`}
            </Button>
          </li>
        )}
      </ul>
      {more && <p className="mt-2 text-sm text-warn">There are more accounts than are shown here. Name the others.</p>}
      <form onSubmit={add} className="mt-3 flex flex-wrap gap-2">
        <input
          aria-label="Id of another connection"
          placeholder="Id of another connection"
          value={typed}
          spellCheck={false}
          autoComplete="off"
          maxLength={1000}
          onChange={(event) => setTyped(event.target.value)}
          className={join(inputClass, '!min-h-8 max-w-72 flex-1 basis-40 text-sm')}
        />
        <Button type="submit" small disabled={idsOf(typed).length === 0}>
          Add it
        </Button>
      </form>
    </Card>
  )
}
