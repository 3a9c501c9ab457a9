import { useProviderLook } from '../data/manifest.ts'
import { Picture } from '../ui/picture.tsx'

/** An account as people know it: picture, name, handle and platform. */
export function AccountName(props: {
  account: { name: string; handle: string | null; imageUrl: string | null }
  provider: string
  size?: number
}) {
  const { account, size = 34 } = props
  const look = useProviderLook()(props.provider)
  return (
    <span className="flex min-w-0 items-center gap-3">
      <span className="relative shrink-0">
        <Picture src={account.imageUrl} name={account.name} size={size} />
        <span
          aria-hidden="true"
          className="absolute -right-1 -bottom-1 grid size-4 place-items-center rounded-full border-2 border-panel"
          style={{ background: `var(--cable-${look.cable})` }}
        />
      </span>
      <span className="min-w-0">
        <span className="line-clamp-2 font-medium">{account.name}</span>
        <span className="line-clamp-3 text-sm text-soft">
          {look.name}
          {account.handle && ` · ${account.handle}`}
        </span>
      </span>
    </span>
  )
}
