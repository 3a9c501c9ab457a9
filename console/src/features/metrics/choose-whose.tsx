import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ArtistList } from '../../parts/artist-list.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { TextField } from '../../ui/field.tsx'
import { idsOf } from '../../words/id-list.ts'

const route = getRouteApi('/metrics')

/** Whose numbers, before anybody is chosen: a list of any length by pages, or an id that one knows. */
export function ChooseWhose() {
  const { after } = route.useSearch()
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
      <ArtistList
        label="Whose numbers?"
        to="/metrics"
        after={after}
        empty={
          <EmptyState title="No artists yet">
            Numbers appear here with the first account that is connected for somebody.
          </EmptyState>
        }
      />
      <ByIds />
    </div>
  )
}

/** Accounts of any artists, by the ids of their connections. */
function ByIds() {
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  function submit(event: FormEvent) {
    event.preventDefault()
    void navigate({ to: '/metrics', search: { connections: idsOf(typed).join(',') } })
  }
  return (
    <Card label="Accounts of several artists">
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Ids of connections"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          maxLength={4000}
          spellCheck={false}
          autoComplete="off"
          required
          help="With commas between them. Their numbers stand beside each other, and are added where they make one number."
        />
        <Button type="submit" disabled={idsOf(typed).length === 0}>
          Show their numbers
        </Button>
      </form>
    </Card>
  )
}
