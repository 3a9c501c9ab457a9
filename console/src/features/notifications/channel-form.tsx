import type { Operations } from '@patchbay/sdk'
import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { joinHere, whyNotHere } from '../../data/this-device.ts'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { CheckField, Select, TextField } from '../../ui/field.tsx'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { problemOf } from '../../words/problems.ts'
import { taskKindName, taskKindOrder } from '../../words/tasks.ts'

export type Channel = Awaited<ReturnType<Operations['channels']['list']>>['data'][number]
type Wish = Parameters<Operations['channels']['create']>[0]

/** Makes a channel, or changes one. A webhook's secret is shown once, when it is made. */
export function ChannelForm({ channel, close }: { channel: Channel | null; close: () => void }) {
  const [kind, setKind] = useState<Channel['address']['kind']>(channel?.address.kind ?? 'email')
  const [some, setSome] = useState(channel !== null && channel.kinds !== null)
  const [quiet, setQuiet] = useState(channel !== null && channel.quiet !== null)
  const [secret, setSecret] = useState<string | null>(null)
  const save = useAct(
    async (client, wish: Wish) => {
      if (channel) await client.channels.change({ ...wish, id: channel.id })
      else if (wish.address.kind === 'push') await joinHere(client, wish)
      else return (await client.channels.create(wish)).secret
      return null
    },
    [['channels']],
  )
  const problem = save.error ? problemOf(save.error) : null
  const wrong = (field: string) => (problem?.field?.startsWith(field) ? problem.detail : null)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    save.mutate(wishOf(new FormData(event.currentTarget), { kind, some, quiet }), {
      onSuccess: (made) => (made ? setSecret(made) : close()),
    })
  }
  if (secret !== null)
    return (
      <ShownOnce secret={secret} label="the secret" close={close}>
        The receiver checks with it that a request is ours, in the way of Standard Webhooks. It is shown this one time.
      </ShownOnce>
    )
  return (
    <Question
      open
      close={close}
      title={channel ? `Change ${channel.name}` : 'New channel'}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="channel" busy={save.isPending}>
            {channel ? 'Save' : 'Make the channel'}
          </Button>
        </>
      }
    >
      <form id="channel" onSubmit={submit} className="space-y-4">
        <TextField label="Name" name="name" required maxLength={100} defaultValue={channel?.name} autoComplete="off" />
        {channel === null && (
          <Select
            label="By"
            value={kind}
            onChange={(event) => setKind(event.target.value as typeof kind)}
            choices={[
              { value: 'email', name: 'E-mail' },
              { value: 'webhook', name: 'Webhook' },
              { value: 'push', name: 'Notifications on this device' },
            ]}
          />
        )}
        <Address kind={kind} channel={channel} error={wrong('address')} />
        {(channel || kind !== 'push') && (
          <CheckField
            name="enabled"
            label="Switched on"
            help="Off, it tells nothing; what waits is told when it is on again."
            defaultChecked={channel?.enabled ?? true}
          />
        )}
        <CheckField
          label="Only some kinds of tasks"
          checked={some}
          onChange={(event) => setSome(event.target.checked)}
        />
        {some && (
          <fieldset className="space-y-2 rounded-lg border border-line p-3">
            <legend className="strip px-1">Kinds</legend>
            {taskKindOrder.map((one) => (
              <CheckField
                key={one}
                name="kind"
                value={one}
                label={taskKindName(one)}
                defaultChecked={channel?.kinds?.includes(one)}
              />
            ))}
          </fieldset>
        )}
        <CheckField label="Quiet hours" checked={quiet} onChange={(event) => setQuiet(event.target.checked)} />
        {quiet && <QuietFields quiet={channel?.quiet ?? null} wrong={wrong} />}
      </form>
      {problem && <ErrorCard problem={problem} />}
    </Question>
  )
}

function Address(props: { kind: Channel['address']['kind']; channel: Channel | null; error: string | null }) {
  const { kind, error } = props
  const address = props.channel?.address
  if (kind === 'console') return null
  if (kind === 'push') return props.channel ? null : <ThisDevice />
  if (kind === 'email')
    return (
      <TextField
        label="To"
        name="to"
        required
        error={error}
        defaultValue={address?.kind === 'email' ? address.to.join(', ') : ''}
        help="One address, or several with commas between."
        autoComplete="off"
      />
    )
  return (
    <TextField
      label="Address"
      name="url"
      type="url"
      required
      error={error}
      placeholder="https://example.com/patchbay"
      defaultValue={address?.kind === 'webhook' ? address.url : ''}
      help="Asked with POST, signed, over https and at a public address."
      autoComplete="off"
    />
  )
}

function ThisDevice() {
  const why = whyNotHere()
  return why === null ? (
    <p className="text-sm text-soft">
      This browser shows them, also while the console is closed. It asks whether you allow that.
    </p>
  ) : (
    <p role="alert" className="rounded-lg bg-warn-ground p-2.5 text-sm text-warn">
      {why}
    </p>
  )
}

function QuietFields({ quiet, wrong }: { quiet: Channel['quiet']; wrong: (field: string) => string | null }) {
  return (
    <fieldset className="space-y-3 rounded-lg border border-line p-3">
      <legend className="strip px-1">Quiet hours</legend>
      <div className="grid grid-cols-2 gap-3">
        <TextField label="From" name="from" type="time" required defaultValue={quiet?.from ?? '22:00'} />
        <TextField
          label="To"
          name="until"
          type="time"
          required
          error={wrong('quiet.to')}
          defaultValue={quiet?.to ?? '07:00'}
        />
      </div>
      <TextField
        label="Zone"
        name="zone"
        required
        list="zones"
        error={wrong('quiet.zone')}
        defaultValue={quiet?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone}
      />
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <CheckField
        name="highPasses"
        label="What is urgent passes"
        help="Tasks of high priority are told at once."
        defaultChecked={quiet?.highPasses ?? true}
      />
    </fieldset>
  )
}

/** The form as the API takes it. */
function wishOf(form: FormData, as: { kind: Channel['address']['kind']; some: boolean; quiet: boolean }): Wish {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  return {
    name: text('name'),
    address: addressOf(as.kind, text),
    enabled: form.has('enabled'),
    kinds: as.some ? taskKindOrder.filter((kind) => form.getAll('kind').includes(kind)) : null,
    quiet: as.quiet
      ? { zone: text('zone'), from: text('from'), to: text('until'), highPasses: form.has('highPasses') }
      : null,
  }
}

function addressOf(kind: Channel['address']['kind'], text: (name: string) => string): Wish['address'] {
  if (kind === 'webhook') return { kind, url: text('url') }
  if (kind === 'console' || kind === 'push') return { kind }
  const to = text('to').split(/[\s,;]+/)
  return { kind, to: to.filter(Boolean) }
}
