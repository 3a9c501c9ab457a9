import { useNavigate, useSearch } from '@tanstack/react-router'
import { Check, ChevronsUpDown } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useEffect } from 'react'
import { keepHere, keptHere } from '../ui/kept-here.ts'
import { menuClass, menuItemClass } from '../ui/menu-classes.ts'
import { type Environment, useSession } from './session.tsx'

const place = 'patchbay.environment'

/** The environment of the address, else the one of last time, else the server's choice. Null when the address names one that is not here. */
export function useEnvironment(): Environment | null {
  const { env } = useSearch({ from: '__root__' })
  const { environments } = useSession()
  const last = keptHere(place)
  const found =
    env !== undefined
      ? environments.find(({ id }) => id === env)
      : (environments.find(({ id }) => id === last) ?? environments.find(({ current }) => current) ?? environments[0])
  const id = found?.id
  useEffect(() => {
    if (id !== undefined) keepHere(place, id)
  }, [id])
  return found ?? null
}

/** Test and live are two worlds; which one this is stands on every page. */
export function EnvironmentSwitch() {
  const { environments } = useSession()
  const current = useEnvironment()
  const navigate = useNavigate()
  if (environments.length === 0) return null
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="flex w-full items-center gap-2.5 rounded-lg border border-rack-line px-3 py-2 text-left text-sm hover:border-rack-soft">
        <Lamp mode={current?.mode ?? ''} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">
            {current ? nameOf(current, environments) : 'No such environment'}
          </span>
        </span>
        <ChevronsUpDown size={15} aria-hidden className="text-rack-soft" />
        <span className="sr-only">Change the environment</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={6} collisionPadding={8} className={menuClass}>
          <DropdownMenu.Label className="strip px-3 py-1.5">Environment</DropdownMenu.Label>
          <DropdownMenu.RadioGroup
            value={current?.id}
            onValueChange={(env) => void navigate({ to: '/', search: { env } })}
          >
            {environments.map((environment) => (
              <DropdownMenu.RadioItem key={environment.id} value={environment.id} className={menuItemClass}>
                <Lamp mode={environment.mode} />
                <span className="flex-1">{nameOf(environment, environments)}</span>
                <DropdownMenu.ItemIndicator>
                  <Check size={15} aria-hidden />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** Green and full for live, amber and hollow for test. */
function Lamp({ mode }: { mode: string }) {
  return (
    <span
      aria-hidden="true"
      className={`size-2.5 shrink-0 rounded-full border-2 ${mode === 'live' ? 'border-[#83d49c] bg-[#83d49c]' : 'border-[#f0b14a]'}`}
    />
  )
}

function nameOf({ mode, workspace }: Environment, all: readonly Environment[]): string {
  const name = mode === 'live' ? 'Live' : mode === 'test' ? 'Test' : mode
  return new Set(all.map((each) => each.workspace)).size > 1 ? `${workspace} · ${name}` : `${name} environment`
}
