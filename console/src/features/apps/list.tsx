import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { type Integration, useIntegrations, useProviderLook, useProviders } from '../../data/manifest.ts'
import { usePatchbay } from '../../data/patchbay.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { TextField } from '../../ui/field.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import type { StateWords } from '../../words/states.ts'

const ready: StateWords = { name: 'Ready', tone: 'good', shape: 'plugged', says: 'Accounts can be connected with it.' }
const off: StateWords = { name: 'Switched off', tone: 'quiet', shape: 'paused', says: 'Nobody can connect with it.' }
const wrong: StateWords = { name: 'Needs you', tone: 'bad', shape: 'alert', says: 'The platform refuses the app.' }
const away: StateWords = { name: 'Platform trouble', tone: 'warn', shape: 'alert', says: 'It ends without you.' }

function standing({ incident, enabled }: Integration): StateWords {
  if (incident) return incident.fixedBy === 'operator' ? wrong : away
  return enabled ? ready : off
}

/** The apps through which accounts are connected, and the platforms that wait for one. */
export function AppsPage() {
  const integrations = useIntegrations()
  const providers = useProviders()
  const look = useProviderLook()
  const { environment } = usePatchbay()
  const [words, setWords] = useState('')
  return (
    <>
      <PageHeader title="Provider apps">
        Each platform wants an app of yours: make one there, register the redirect address, and enter its id and secret
        here. In the test environment every platform is a pretend one.
      </PageHeader>
      <div className="space-y-5">
        <Loaded query={integrations}>
          {({ data }) =>
            data.length === 0 ? (
              <Card>
                <EmptyState title="No platform is set up yet">Choose one below.</EmptyState>
              </Card>
            ) : (
              <ul className="grid grid-cols-[minmax(0,1fr)] gap-4 md:grid-cols-2 xl:grid-cols-3">
                {data.map((app) => (
                  <li key={app.id} className="flex flex-col rounded-xl border border-line bg-panel p-4">
                    <div className="flex items-start gap-3">
                      <CableMark {...look(app.provider)} size={36} />
                      <div className="min-w-0 flex-1">
                        <h2 className="font-semibold">{app.name}</h2>
                        <p className="text-sm text-soft">{look(app.provider).name}</p>
                        <CopyId id={app.id} label="the app’s id" />
                      </div>
                      <Badge state={standing(app)} says={app.incident?.says} />
                    </div>
                    {app.incident && (
                      <p className="mt-3 rounded-lg bg-bad-ground p-2.5 text-sm text-bad">
                        {app.incident.says}{' '}
                        <span className="text-ink">
                          Since <RelativeTime at={app.incident.since} />.
                        </span>
                      </p>
                    )}
                    <p className="strip mt-4 mb-1">Redirect address</p>
                    <CopyId id={app.redirectUri} wide label="the redirect address" />
                    <div className="mt-auto flex items-center justify-between gap-2 pt-4 text-sm">
                      <Tag>{app.hasSecret ? 'secret stored' : 'no secret'}</Tag>
                      <Link to="/setup/apps/$app" params={{ app: app.id }} className={buttonClass('plain', true)}>
                        Change
                      </Link>
                    </div>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
        <Card label={integrations.data?.data.length === 0 ? 'Set up the first one' : 'Set up another one'}>
          <Loaded query={providers}>
            {({ data }) => (
              <>
                {data.length > 12 && (
                  <TextField
                    label="Find a platform"
                    type="search"
                    className="mb-4 max-w-xs"
                    value={words}
                    onChange={(event) => setWords(event.target.value)}
                  />
                )}
                <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 sm:grid-cols-2 lg:grid-cols-3">
                  {data
                    .filter(({ name, category }) => `${name} ${category}`.toLowerCase().includes(words.toLowerCase()))
                    .map((provider) => (
                      <li key={provider.id}>
                        <Link
                          to="/setup/apps/$app"
                          params={{
                            app: freeId(`int_${environment ?? ''}_${provider.id}`, integrations.data?.data ?? []),
                          }}
                          search={{ provider: provider.id }}
                          className="flex h-full items-center gap-3 rounded-lg border border-line bg-raised px-3 py-2.5 text-ink no-underline hover:border-accent"
                        >
                          <CableMark {...look(provider.id)} size={30} />
                          <span className="min-w-0 flex-1">
                            <span className="block font-medium">{provider.name}</span>
                            <span className="line-clamp-2 text-sm text-soft">{provider.summary}</span>
                          </span>
                          <Plus size={18} aria-hidden className="text-soft" />
                        </Link>
                      </li>
                    ))}
                </ul>
              </>
            )}
          </Loaded>
        </Card>
      </div>
    </>
  )
}

/** Named after environment and platform, with a number when that is taken: several apps of one platform are allowed. */
function freeId(wanted: string, taken: readonly { id: string }[]): string {
  const has = (id: string) => taken.some((each) => each.id === id)
  if (!has(wanted)) return wanted
  let number = 2
  while (has(`${wanted}_${number}`)) number++
  return `${wanted}_${number}`
}
