import { Link, useNavigate } from '@tanstack/react-router'
import { Link2, SquareArrowOutUpRight } from 'lucide-react'
import { useState } from 'react'
import { type Integration, type Provider, useIntegrations, useProviderLook, useProviders } from '../../data/manifest.ts'
import { useAct, usePatchbay, useRead } from '../../data/patchbay.tsx'
import { openConnectWindow } from '../../parts/connect-window.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { TextField } from '../../ui/field.tsx'
import { CableMark, Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { problemOf } from '../../words/problems.ts'

/** Which platform. What a person needs there is said before they are sent to it. */
export function ChoosePlatform({ profile }: { profile: string }) {
  const navigate = useNavigate()
  const { environment } = usePatchbay()
  const integrations = useIntegrations()
  const providers = useProviders()
  const [words, setWords] = useState('')
  const who = useRead(['profiles', 'read', profile], (client, signal) =>
    client.profiles.read({ id: profile }, { signal }),
  )
  const create = useAct((client, chosen: string[] | undefined) =>
    client.connectSessions.create({
      profile: { id: profile },
      ...(chosen && { integrations: chosen }),
      returnUrl: returnUrl(profile, environment),
    }),
  )

  function invite(chosen: string[] | undefined, here: boolean) {
    const consent = here ? openConnectWindow() : null
    create.mutate(chosen, {
      onSuccess: ({ id, url }) => {
        if (consent && !consent.isWindow) return consent.go(url)
        consent?.go(url)
        rememberLink(id, url)
        return navigate({ to: '/connect', search: { profile, session: id } })
      },
      onError: () => consent?.cancel(),
    })
  }

  return (
    <div className="space-y-4">
      <p className="text-soft">
        For <strong className="text-ink">{who.data?.name ?? profile}</strong>.{' '}
        <Link to="/connect" className="underline decoration-edge underline-offset-4">
          Somebody else
        </Link>
      </p>
      {create.error && <ErrorCard problem={problemOf(create.error)} />}
      <Loaded query={integrations}>
        {({ data }) => {
          const enabled = data.filter((integration) => integration.enabled)
          if (enabled.length === 0)
            return (
              <EmptyState
                title="No platform is set up yet"
                action={
                  <Link to="/setup/apps" className={buttonClass('primary')}>
                    Set up a provider app
                  </Link>
                }
              />
            )
          const named = enabled
            .map((integration) => ({
              integration,
              provider: providers.data?.data.find(({ id }) => id === integration.provider),
            }))
            .filter(({ integration, provider }) =>
              `${provider?.name} ${integration.name} ${provider?.category}`.toLowerCase().includes(words.toLowerCase()),
            )
          return (
            <>
              <div className="flex flex-wrap items-end gap-3">
                {enabled.length > 8 && (
                  <TextField
                    label="Find a platform"
                    type="search"
                    value={words}
                    onChange={(event) => setWords(event.target.value)}
                    className="w-full max-w-xs"
                  />
                )}
                <Button
                  busy={create.isPending}
                  icon={<Link2 size={16} aria-hidden />}
                  onClick={() => invite(undefined, false)}
                >
                  Make a link for the artist
                </Button>
              </div>
              <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 md:grid-cols-2 xl:grid-cols-3">
                {named.map(({ integration, provider }) => (
                  <li key={integration.id}>
                    <Platform
                      integration={integration}
                      provider={provider}
                      twice={enabled.filter((each) => each.provider === integration.provider).length > 1}
                      busy={create.isPending}
                      choose={() => invite([integration.id], true)}
                    />
                  </li>
                ))}
              </ul>
            </>
          )
        }}
      </Loaded>
    </div>
  )
}

function Platform(props: {
  integration: Integration
  provider: Provider | undefined
  twice: boolean
  busy: boolean
  choose: () => void
}) {
  const { integration, provider } = props
  const look = useProviderLook()(integration.provider)
  return (
    <article className="flex h-full flex-col rounded-xl border border-line bg-panel p-4">
      <div className="flex items-start gap-3">
        <CableMark {...look} size={36} />
        <div className="min-w-0">
          <h2 className="font-semibold">
            {look.name}
            {props.twice && <span className="font-normal text-soft"> · {integration.name}</span>}
          </h2>
          {provider && <p className="text-sm text-soft">{provider.summary}</p>}
        </div>
      </div>
      {integration.incident && (
        <p className="mt-3 flex gap-2 rounded-lg bg-warn-ground p-2.5 text-sm text-warn">
          <span className="mt-0.5">
            <Jack shape="alert" />
          </span>
          {integration.incident.says}
        </p>
      )}
      {provider && provider.preflight.length > 0 && (
        <div className="mt-3 text-sm">
          <p className="strip">You need</p>
          <ul className="mt-1 list-disc space-y-1 pl-4">
            {provider.preflight.map((need) => (
              <li key={need}>{need}</li>
            ))}
          </ul>
        </div>
      )}
      <div className="mt-auto pt-4">
        <Button
          look="primary"
          busy={props.busy}
          icon={<SquareArrowOutUpRight size={16} aria-hidden />}
          onClick={props.choose}
        >
          Connect {look.name}
        </Button>
      </div>
    </article>
  )
}

function returnUrl(profile: string, environment: string | undefined): string {
  const url = new URL('/console/connect', location.origin)
  url.searchParams.set('profile', profile)
  if (environment !== undefined) url.searchParams.set('env', environment)
  return url.href
}

/** The link is told once, by the answer that makes it; a reload of this tab should still show it. It holds a secret, so it stands in no address. */
function rememberLink(session: string, url: string): void {
  try {
    sessionStorage.setItem(`patchbay.connect.${session}`, url)
  } catch {
    // Then a reload shows the state without the link.
  }
}
