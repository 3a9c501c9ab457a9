import { Link } from '@tanstack/react-router'
import { useIntegrations } from '../../data/manifest.ts'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'

/** Where each platform sends to: what is typed into its own console. */
export function AddressesTab() {
  const query = useIntegrations()
  return (
    <Card label="Addresses of the apps">
      <Loaded query={query}>
        {({ data }) => {
          const sending = data.filter(({ webhooks }) => webhooks !== null)
          if (sending.length === 0)
            return (
              <EmptyState title="No platform that is set up sends webhooks">
                Its numbers are read by the clock all the same.
              </EmptyState>
            )
          return (
            <ul className="space-y-6">
              {sending.map(({ id, provider, name, webhooks }) => (
                <li key={id}>
                  <h3 className="mb-2 flex flex-wrap items-center gap-x-3">
                    <ProviderName id={provider} />
                    <Link
                      to="/setup/apps/$app"
                      params={{ app: id }}
                      className="text-sm text-soft underline decoration-edge underline-offset-4"
                    >
                      {name}
                    </Link>
                  </h3>
                  <dl className="space-y-3">
                    <Address name="Webhooks" url={webhooks!.url} />
                    {Object.entries(webhooks!.callbacks).map(([callback, url]) => (
                      <Address key={callback} name={callback.replace(/([A-Z])/g, ' $1').toLowerCase()} url={url} />
                    ))}
                  </dl>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Card>
  )
}

function Address({ name, url }: { name: string; url: string }) {
  return (
    <div>
      <dt className="text-sm text-soft first-letter:uppercase">{name}</dt>
      <dd>
        <CopyId id={url} wide label={`the address of ${name}`} />
      </dd>
    </div>
  )
}
