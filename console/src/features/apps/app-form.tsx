import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { type Integration, type Provider, useIntegrations, useProviders } from '../../data/manifest.ts'
import { useAct } from '../../data/patchbay.tsx'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { CheckField, Select, TextField } from '../../ui/field.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { useTell } from '../../ui/toast.tsx'
import { problemOf } from '../../words/problems.ts'
import { amountText, windowText } from '../../words/quotas.ts'

const route = getRouteApi('/setup/apps/$app')

/** One provider app: made or changed. What its form asks is what the platform's manifest says. */
export function AppPage() {
  const { app: id } = route.useParams()
  const { provider: wanted } = route.useSearch()
  const integrations = useIntegrations()
  const providers = useProviders()
  const app = integrations.data?.data.find((each) => each.id === id)
  const at = providers.data?.data.findIndex((each) => each.id === (app?.provider ?? wanted)) ?? -1
  const provider = providers.data?.data[at]
  return (
    <>
      <PageHeader
        title={app?.name ?? (provider ? `New app of ${provider.name}` : 'Provider app')}
        above={
          <Link to="/setup/apps" className="text-inherit">
            Provider apps
          </Link>
        }
        mark={provider && <CableMark name={provider.name} cable={at % 8} size={40} />}
      >
        {provider?.summary}
      </PageHeader>
      <Loaded query={integrations}>
        {() => (
          <Loaded query={providers}>
            {() =>
              provider ? (
                <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
                  <AppForm key={app?.id ?? id} id={id} app={app} provider={provider} />
                  <About app={app} provider={provider} id={id} />
                </div>
              ) : (
                <EmptyState
                  title="There is no such app"
                  action={
                    <Link to="/setup/apps" className={buttonClass('primary')}>
                      All provider apps
                    </Link>
                  }
                />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </>
  )
}

/** Schemes in which the platform knows an app by an id and a secret. With the others the owner of the account brings what is needed. */
const schemesWithApp = ['oauth2', 'client_credentials']

function AppForm({ id, app, provider }: { id: string; app: Integration | undefined; provider: Provider }) {
  const navigate = useNavigate()
  const tell = useTell()
  const [enabled, setEnabled] = useState(app?.enabled ?? true)
  const save = useAct(
    (client, input: Parameters<typeof client.integrations.save>[0]) => client.integrations.save(input),
    [['integrations'], ['quotas'], ['tasks']],
  )
  const refused = save.error ? problemOf(save.error) : null
  const errorOf = (field: string) =>
    refused?.field === field || refused?.field === `settings.${field}` ? refused.detail : null

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const typed = (name: string) => String(form.get(name) ?? '').trim()
    // What is left empty stays as it is; a secret that is stored is never sent back and forth.
    const settings = Object.fromEntries(
      provider.settings
        .map(({ name, secret }) => [name, typed(`settings.${name}`), secret] as const)
        .filter(([name, value, secret]) => value !== '' || (!secret && app?.settings[name] !== undefined))
        .map(([name, value]) => [name, value]),
    )
    const scopes = typed('scopes')
      .split(/[\s,]+/)
      .filter(Boolean)
    save.mutate(
      {
        id,
        provider: provider.id,
        enabled,
        ...(typed('name') && { name: typed('name') }),
        ...(typed('clientId') && { clientId: typed('clientId') }),
        ...(typed('clientSecret') && { clientSecret: typed('clientSecret') }),
        ...(Object.keys(settings).length > 0 && { settings }),
        ...((scopes.length > 0 || (app?.scopes.length ?? 0) > 0) && { scopes }),
      },
      {
        onSuccess: () => {
          tell('Saved.')
          if (!app) void navigate({ to: '/setup/apps' })
        },
      },
    )
  }

  return (
    <Card label={app ? 'Change it' : 'Set it up'}>
      <form onSubmit={submit} className="max-w-xl space-y-5">
        <TextField
          label="Name"
          name="name"
          defaultValue={app?.name ?? provider.name}
          maxLength={100}
          error={errorOf('name')}
          help="Yours to choose; seen on this console."
        />
        {schemesWithApp.includes(provider.auth.scheme) && (
          <>
            <TextField
              label="App id"
              name="clientId"
              defaultValue={app?.clientId ?? ''}
              required={!app?.clientId}
              maxLength={500}
              spellCheck={false}
              autoComplete="off"
              error={errorOf('clientId')}
              help="Also called client id, app key or consumer key."
            />
            <TextField
              label="App secret"
              name="clientSecret"
              type="password"
              maxLength={4000}
              autoComplete="new-password"
              required={!app}
              placeholder={app?.hasSecret ? 'stored; type to replace it' : ''}
              error={errorOf('clientSecret')}
              help="Sealed at once and never shown again, here or anywhere."
            />
          </>
        )}
        {provider.settings.map((field) => (
          <SettingField
            key={field.name}
            field={field}
            value={app?.settings[field.name]}
            stored={app !== undefined}
            error={errorOf(field.name)}
          />
        ))}
        <details>
          <summary className="text-soft hover:text-ink">More permissions</summary>
          <div className="pt-3">
            <TextField
              label="Permissions asked for besides those the streams need"
              name="scopes"
              defaultValue={app?.scopes.join(' ') ?? ''}
              spellCheck={false}
              error={errorOf('scopes')}
              help="In the platform’s words, with spaces in between. Some platforms show a warning for each."
            />
          </div>
        </details>
        <CheckField
          label="Accounts can be connected with it"
          checked={enabled}
          onChange={(event) => setEnabled(event.target.checked)}
          help="Connections that are there go on either way."
        />
        {refused && <ErrorCard problem={refused} />}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" busy={save.isPending}>
            {app ? 'Save' : 'Set it up'}
          </Button>
          <Link to="/setup/apps" className={buttonClass()}>
            Back
          </Link>
        </div>
      </form>
    </Card>
  )
}

function SettingField(props: {
  field: Provider['settings'][number]
  value: string | undefined
  stored: boolean
  error: string | null
}) {
  const { field, value, stored, error } = props
  const name = `settings.${field.name}`
  if (field.choices)
    return (
      <Select
        label={field.label}
        name={name}
        defaultValue={value ?? field.initial ?? ''}
        help={error ?? field.help}
        choices={[
          ...(field.required ? [] : [{ value: '', name: 'not set' }]),
          ...field.choices.map((choice) => ({ value: choice, name: choice })),
        ]}
      />
    )
  return (
    <TextField
      label={field.label}
      name={name}
      type={field.secret ? 'password' : 'text'}
      autoComplete={field.secret ? 'new-password' : 'off'}
      defaultValue={field.secret ? '' : (value ?? field.initial ?? '')}
      required={field.required && !(field.secret && stored)}
      placeholder={field.secret && stored ? 'type to set or replace it' : (field.placeholder ?? '')}
      maxLength={4000}
      error={error}
      help={field.help}
    />
  )
}

function About({ app, provider, id }: { app: Integration | undefined; provider: Provider; id: string }) {
  return (
    <div className="space-y-5">
      <Card label="At the platform">
        <p className="strip mb-1">Redirect address</p>
        {app ? (
          <>
            <CopyId id={app.redirectUri} wide label="the redirect address" />
            <p className="mt-1 text-sm text-soft">
              Register exactly this address in the app, or the platform refuses every consent.
            </p>
          </>
        ) : (
          <>
            <CopyId id={`${location.origin}/oauth/callback/${id}`} wide label="the redirect address" />
            <p className="mt-1 text-sm text-soft">
              If this server is reached by another address, the one to register is shown when the app is saved.
            </p>
          </>
        )}
        <p className="mt-4">
          <OutsideLink href={provider.docs}>The platform’s documentation</OutsideLink>
        </p>
      </Card>
      <Card label="What it brings">
        <Facts
          facts={[
            ['Reads', provider.streams.map(({ id: stream }) => stream).join(', ') || 'nothing'],
            ['Does', provider.actions.map(({ summary }) => summary).join(', ') || 'nothing'],
            [
              'Limits',
              provider.quotas
                .map(
                  ({ id: quota, limit, unit, window }) => `${quota}: ${amountText(limit, unit)} ${windowText(window)}`,
                )
                .join('; ') || 'none known',
            ],
            ['Signs in by', provider.auth.scheme.replace(/_/g, ' ')],
          ]}
        />
      </Card>
    </div>
  )
}
