import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { readWhy, writeWhy } from '../../address/why.ts'
import { useRead } from '../../data/patchbay.tsx'
import { ConnectLink } from '../../parts/connect-link.tsx'
import { Provenance } from '../../parts/provenance.tsx'
import { Records } from '../../parts/records.tsx'
import { ValidateAll } from '../../parts/validate-all.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { recordKinds } from '../../words/messages.ts'
import { AccountCard } from './account-card.tsx'
import { AudienceTab } from './audience.tsx'
import { CatalogueTab } from './catalogue.tsx'
import { IdentityTab } from './identity.tsx'
import { ItemsTab } from './items.tsx'
import { OverTime } from './over-time.tsx'
import { Rename } from './rename.tsx'

const route = getRouteApi('/artists/$profile')

/** One artist: every platform beside the others, each number with its origin. */
export function ArtistPage() {
  const { profile } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/artists/$profile' })
  const tab = search.tab ?? 'numbers'
  const query = useRead(
    ['profiles', 'summary', profile],
    (client, signal) => client.profiles.summary({ id: profile }, { signal }),
    { everyMs: 60_000 },
  )
  const explain = useCallback(
    (connection: string, metric: string, day: string, item?: string) =>
      void navigate({
        search: (last) => ({ ...last, why: writeWhy({ connection, metric, day, item }) }),
        resetScroll: false,
      }),
    [navigate],
  )
  const name = query.data?.profile.name ?? profile
  const here = { to: '/artists/$profile' as const, params: { profile } }

  return (
    <>
      <PageHeader
        title={name}
        above={
          <Link to="/artists" className="text-inherit">
            Artists
          </Link>
        }
        mark={
          <Picture
            src={query.data?.accounts.find(({ account }) => account.imageUrl)?.account.imageUrl ?? null}
            name={name}
            size={44}
          />
        }
        actions={
          query.data && (
            <>
              <Rename profile={profile} name={name} />
              {query.data.accounts.length > 0 && <ValidateAll profile={profile} />}
              <ConnectLink profile={profile} />
            </>
          )
        }
      >
        <CopyId id={profile} label="the artist’s id" />
      </PageHeader>
      <div className="mb-5 border-b border-line">
        <Tabs
          label="Views of the artist"
          tabs={[
            { name: 'Numbers', link: { ...here, search: {} }, current: tab === 'numbers' },
            { name: 'Items', link: { ...here, search: { tab: 'items' } }, current: tab === 'items' },
            { name: 'Catalogue', link: { ...here, search: { tab: 'catalogue' } }, current: tab === 'catalogue' },
            { name: 'Audience', link: { ...here, search: { tab: 'audience' } }, current: tab === 'audience' },
            { name: 'Records', link: { ...here, search: { tab: 'records' } }, current: tab === 'records' },
            { name: 'Identity', link: { ...here, search: { tab: 'identity' } }, current: tab === 'identity' },
          ]}
        />
      </div>
      <Loaded query={query} skeleton={<CardSkeletons />}>
        {({ accounts }) =>
          accounts.length === 0 ? (
            <EmptyState title="No account is connected for this artist" action={<ConnectLink profile={profile} />} />
          ) : tab === 'items' ? (
            <ItemsTab profile={profile} accounts={accounts} explain={explain} />
          ) : tab === 'catalogue' ? (
            <CatalogueTab profile={profile} />
          ) : tab === 'identity' ? (
            <IdentityTab profile={profile} />
          ) : tab === 'audience' ? (
            <AudienceTab profile={profile} accounts={accounts} />
          ) : tab === 'records' ? (
            <Records
              whose={{ profile }}
              search={{ ...search, kind: recordKinds.find((kind) => kind === search.kind) }}
              link={(more) => ({ ...here, search: { tab: 'records', ...more }, resetScroll: false })}
            />
          ) : (
            <>
              <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,24rem),1fr))] gap-4">
                {accounts.map((account) => (
                  <AccountCard key={account.connection} account={account} explain={explain} />
                ))}
              </div>
              <OverTime profile={profile} accounts={accounts} explain={explain} />
            </>
          )
        }
      </Loaded>
      <Provenance
        why={readWhy(search.why)}
        close={() => void navigate({ search: (last) => ({ ...last, why: undefined }), resetScroll: false })}
      />
    </>
  )
}

function CardSkeletons() {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      {[1, 2].map((card) => (
        <Skeleton key={card} className="h-72 w-full rounded-xl" />
      ))}
    </div>
  )
}
