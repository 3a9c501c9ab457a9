import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { CheckField, Select, TextField } from '../../ui/field.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { problemOf } from '../../words/problems.ts'

const scopes = [
  ['connections:read', 'See connections and artists'],
  ['connections:write', 'Connect, pause, sync, disconnect'],
  ['metrics:read', 'Read numbers, items and audiences'],
  ['journal:read', 'Read runs, calls, events and the audit'],
  ['messages:read', 'Read webhooks that came in'],
  ['messages:write', 'Replay webhooks'],
  ['actions:call', 'Act on platforms: send, create, publish'],
  ['proxy:call', 'Call the platforms’ own APIs'],
  ['setup:read', 'See provider apps'],
  ['setup:write', 'Change provider apps'],
  ['credentials:read', 'Read access tokens; every reading is in the audit'],
  ['keys:write', 'Make and revoke keys'],
  ['vault:read', 'See which keys seal the stored secrets'],
  ['vault:rotate', 'Replace those keys'],
] as const

/** A key is made here and shown once. */
export function NewKey({ close }: { close: () => void }) {
  const [reach, setReach] = useState<'all' | 'read' | 'some'>('all')
  const make = useAct(
    (client, input: { name: string; scopes: string[]; expiresAt?: string }) => client.keys.create(input),
    [['keys']],
  )
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = Number(form.get('days'))
    make.mutate({
      name: String(form.get('name')).trim(),
      scopes:
        reach === 'all'
          ? ['*']
          : reach === 'read'
            ? ['connections:read', 'metrics:read', 'journal:read', 'setup:read']
            : form.getAll('scope').map(String),
      ...(days > 0 && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
    })
  }
  if (make.data)
    return (
      <ShownOnce secret={make.data.text} label="the key" close={close}>
        It is shown this one time. Nobody can show it again; a lost key is replaced by a new one.
      </ShownOnce>
    )
  return (
    <Question
      open
      close={close}
      title="New API key"
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="new-key" busy={make.isPending}>
            Make the key
          </Button>
        </>
      }
    >
      <form id="new-key" onSubmit={submit} className="space-y-4">
        <TextField
          label="Name"
          name="name"
          required
          maxLength={100}
          help="Which application uses it, so that it can be found later."
          autoComplete="off"
        />
        <Select
          label="May"
          value={reach}
          onChange={(event) => setReach(event.target.value as typeof reach)}
          choices={[
            { value: 'all', name: 'Everything' },
            { value: 'read', name: 'Only read' },
            { value: 'some', name: 'What I choose' },
          ]}
        />
        {reach === 'some' && (
          <fieldset className="space-y-2 rounded-lg border border-line p-3">
            <legend className="strip px-1">Scopes</legend>
            {scopes.map(([scope, says]) => (
              <CheckField key={scope} name="scope" value={scope} label={says} help={<code>{scope}</code>} />
            ))}
          </fieldset>
        )}
        <Select
          label="Ends"
          name="days"
          defaultValue="0"
          choices={[
            { value: '0', name: 'When it is revoked' },
            { value: '7', name: 'In 7 days' },
            { value: '90', name: 'In 90 days' },
            { value: '365', name: 'In a year' },
          ]}
        />
      </form>
      {make.error && <ErrorCard problem={problemOf(make.error)} />}
    </Question>
  )
}
