import { type FormEvent, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Question } from '../../ui/drawer.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { CheckField, Select, TextField } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { signingNames } from '../../words/deliveries.ts'
import { idsOf } from '../../words/id-list.ts'
import { problemOf } from '../../words/problems.ts'
import { useEventTypes } from './catalogue.tsx'
import type { Endpoint } from './list.tsx'
import { EndpointSecret } from './secret.tsx'

/** Makes an endpoint, or changes one. Its secret is shown once, when it is made. */
export function EndpointForm({ endpoint, close }: { endpoint: Endpoint | null; close: () => void }) {
  const [some, setSome] = useState(endpoint !== null && endpoint.types !== null)
  const [only, setOnly] = useState(endpoint !== null && endpoint.profiles !== null)
  const [made, setMade] = useState<{ secret: string | null; publicKey: string | null } | null>(null)
  const save = useAct(
    async (client, form: FormData) => {
      const wish = {
        url: String(form.get('url')).trim(),
        description: String(form.get('description')).trim(),
        types: some ? form.getAll('type').map(String) : null,
        profiles: only ? idsOf(String(form.get('profiles'))) : null,
        ordered: form.get('ordered') === 'on',
      }
      if (endpoint) {
        await client.endpoints.change({ ...wish, id: endpoint.id })
        return null
      }
      const signing = form.get('signing') === 'ed25519' ? 'ed25519' : 'hmac'
      const { secret, signing: keys } = await client.endpoints.create({ ...wish, signing })
      return { secret, publicKey: keys[0]?.publicKey ?? null }
    },
    [['endpoints']],
  )
  const problem = save.error ? problemOf(save.error) : null
  const wrong = (field: string) => (problem?.field?.startsWith(field) ? problem.detail : null)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    save.mutate(new FormData(event.currentTarget), { onSuccess: (found) => (found ? setMade(found) : close()) })
  }
  if (made) return <EndpointSecret {...made} close={close} />
  return (
    <Question
      open
      close={close}
      title={endpoint ? 'Change the endpoint' : 'New endpoint'}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="endpoint" busy={save.isPending}>
            {endpoint ? 'Save' : 'Make the endpoint'}
          </Button>
        </>
      }
    >
      <form id="endpoint" onSubmit={submit} className="space-y-4">
        <TextField
          label="Address"
          name="url"
          type="url"
          required
          maxLength={2000}
          defaultValue={endpoint?.url}
          placeholder="https://"
          autoComplete="off"
          error={wrong('url')}
        />
        <TextField
          label="Description"
          name="description"
          maxLength={200}
          defaultValue={endpoint?.description}
          autoComplete="off"
        />
        {endpoint === null && (
          <Select
            label="Signed with"
            name="signing"
            help="The receiver checks with it that an event is ours. With a public key it holds no secret."
            choices={Object.entries(signingNames).map(([value, name]) => ({ value, name }))}
          />
        )}
        <CheckField
          name="ordered"
          label="One after the other"
          help="Each event only when the one before was taken. One that is refused holds up the rest."
          defaultChecked={endpoint?.ordered}
        />
        <CheckField
          label="Only some types of events"
          checked={some}
          onChange={(event) => setSome(event.target.checked)}
        />
        {some && <Types chosen={endpoint?.types ?? []} error={wrong('types')} />}
        <CheckField label="Only of some artists" checked={only} onChange={(event) => setOnly(event.target.checked)} />
        {only && (
          <TextField
            label="Ids of artists"
            name="profiles"
            required
            defaultValue={endpoint?.profiles?.join(', ')}
            spellCheck={false}
            autoComplete="off"
            error={wrong('profiles')}
            help="With commas between them, at most a hundred."
          />
        )}
      </form>
      {problem && <ErrorCard problem={problem} />}
    </Question>
  )
}

/** Whole families, such as everything about connections, and single types. What is chosen and not in the catalogue stays chosen. */
function Types({ chosen, error }: { chosen: readonly string[]; error: string | null }) {
  const query = useEventTypes()
  return (
    <fieldset className="rounded-lg border border-line p-3">
      <legend className="strip px-1">Types</legend>
      {error && <p className="mb-2 text-sm text-bad">{error}</p>}
      <Loaded query={query}>
        {({ data }) => {
          const types = data.map(({ type }) => type)
          const families = [...Map.groupBy(types, (type) => type.slice(0, type.indexOf('.')))]
          const known = new Set([...types, ...families.map(([family]) => `${family}.*`)])
          return (
            <div className="max-h-64 space-y-3 overflow-y-auto">
              {families.map(([family, members]) => (
                <section key={family} aria-label={family}>
                  <CheckField
                    name="type"
                    value={`${family}.*`}
                    label={<strong className="font-medium">{family}: every one</strong>}
                    defaultChecked={chosen.includes(`${family}.*`)}
                  />
                  <div className="pl-6">
                    {members.map((type) => (
                      <CheckField
                        key={type}
                        name="type"
                        value={type}
                        label={<code className="text-sm">{type}</code>}
                        defaultChecked={chosen.includes(type)}
                      />
                    ))}
                  </div>
                </section>
              ))}
              {chosen
                .filter((type) => !known.has(type))
                .map((type) => (
                  <CheckField
                    key={type}
                    name="type"
                    value={type}
                    label={<code className="text-sm">{type}</code>}
                    defaultChecked
                  />
                ))}
            </div>
          )
        }}
      </Loaded>
    </fieldset>
  )
}
