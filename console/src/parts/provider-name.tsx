import { useProviderLook } from '../data/manifest.ts'
import { CableMark } from '../ui/jack.tsx'

/** A platform as it is called, with its socket. */
export function ProviderName({ id, size = 22 }: { id: string; size?: number }) {
  const look = useProviderLook()(id)
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <CableMark {...look} size={size} />
      {look.name}
    </span>
  )
}
