import { useState } from 'react'
import { safeAddress } from '../address/safe-address.ts'

/** A picture from a platform, or the first letter where there is none, it does not load, or its address is not to be trusted. */
export function Picture({
  src,
  name,
  size = 36,
  square = false,
}: {
  src: string | null
  name: string
  size?: number
  square?: boolean
}) {
  const [broken, setBroken] = useState(false)
  const address = safeAddress(src)
  const shape = square ? 'rounded-md' : 'rounded-full'
  if (address === null || broken)
    return (
      <span
        aria-hidden="true"
        className={`inline-grid shrink-0 place-items-center bg-sunken font-semibold text-soft ${shape}`}
        style={{ width: size, height: size, fontSize: size * 0.42 }}
      >
        {[...name.trim()][0]?.toUpperCase() ?? '·'}
      </span>
    )
  return (
    <img
      src={address}
      alt=""
      width={size}
      height={size}
      loading="lazy"
      referrerPolicy="no-referrer"
      onError={() => setBroken(true)}
      className={`shrink-0 bg-sunken object-cover ${shape}`}
      style={{ width: size, height: size }}
    />
  )
}
