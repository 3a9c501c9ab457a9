import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useProviderLook } from '../../data/manifest.ts'
import { Select } from '../../ui/field.tsx'

const route = getRouteApi('/quotas')

/** One platform or all. With one platform only there is nothing to choose. */
export function PlatformFilter({ providers }: { providers: readonly string[] }) {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/quotas' })
  const look = useProviderLook()
  if (providers.length < 2 && search.provider === undefined) return null
  return (
    <Select
      label="Platform"
      hiddenLabel
      className="mb-4 max-w-64"
      value={search.provider ?? ''}
      onChange={(event) =>
        void navigate({ search: { ...search, after: undefined, provider: event.target.value || undefined } })
      }
      choices={[{ value: '', name: 'All platforms' }, ...providers.map((id) => ({ value: id, name: look(id).name }))]}
    />
  )
}
