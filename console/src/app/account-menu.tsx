import { Check, LogOut, Moon, Sun, SunMoon, UserRound } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useRef, useState } from 'react'
import { menuClass, menuItemClass } from '../ui/menu-classes.ts'
import { chooseTheme, type Theme, themes, useTheme } from '../ui/theme.ts'
import { useTell } from '../ui/toast.tsx'
import { roleWords } from '../words/people.ts'
import { problemOf } from '../words/problems.ts'
import { useSession } from './session.tsx'
import { YourAccount } from './your-account.tsx'

const names: Record<Theme, string> = { system: 'Like the system', light: 'Light', dark: 'Dark' }
const icons = { system: SunMoon, light: Sun, dark: Moon }

/** Who is signed in, how it looks, and the way out. */
export function AccountMenu() {
  const { person, signOut } = useSession()
  const theme = useTheme()
  const tell = useTell()
  const [leaving, setLeaving] = useState(false)
  const [editing, setEditing] = useState(false)
  /** Asked for in the menu; opened once that has closed, so that the focus comes back to its button and not to an entry that is gone. */
  const wanted = useRef(false)
  async function leave() {
    setLeaving(true)
    await signOut().catch((error: unknown) => tell(`Not signed out: ${problemOf(error).title}`))
    setLeaving(false)
  }
  return (
    <>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger className="flex w-full items-center gap-2.5 rounded-lg px-3 py-2 text-left text-sm hover:bg-rack-line">
          <span
            aria-hidden="true"
            className="grid size-8 shrink-0 place-items-center rounded-full bg-rack-line font-semibold"
          >
            {person.name.charAt(0).toUpperCase()}
          </span>
          <span className="min-w-0">
            <span className="block truncate font-medium">{person.name}</span>
            <span className="block text-xs text-rack-soft">{roleWords[person.role].name}</span>
          </span>
          <span className="sr-only">: account and appearance</span>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="start"
            side="top"
            sideOffset={6}
            collisionPadding={8}
            className={menuClass}
            onCloseAutoFocus={() => {
              setEditing(wanted.current)
              wanted.current = false
            }}
          >
            {person.hasOwnAddress && <p className="max-w-60 truncate px-3 py-1.5 text-sm text-soft">{person.email}</p>}
            <DropdownMenu.Item
              className={menuItemClass}
              onSelect={() => {
                wanted.current = true
              }}
            >
              <UserRound size={16} aria-hidden /> Your account
            </DropdownMenu.Item>
            <DropdownMenu.Separator className="my-1.5 h-px bg-line" />
            <DropdownMenu.Label className="strip px-3 py-1.5">Appearance</DropdownMenu.Label>
            <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => chooseTheme(value as Theme)}>
              {themes.map((each) => {
                const Icon = icons[each]
                return (
                  <DropdownMenu.RadioItem key={each} value={each} className={menuItemClass}>
                    <Icon size={16} aria-hidden />
                    <span className="flex-1">{names[each]}</span>
                    <DropdownMenu.ItemIndicator>
                      <Check size={15} aria-hidden />
                    </DropdownMenu.ItemIndicator>
                  </DropdownMenu.RadioItem>
                )
              })}
            </DropdownMenu.RadioGroup>
            <DropdownMenu.Separator className="my-1.5 h-px bg-line" />
            <DropdownMenu.Item className={menuItemClass} disabled={leaving} onSelect={() => void leave()}>
              <LogOut size={16} aria-hidden /> Sign out
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {editing && <YourAccount close={() => setEditing(false)} />}
    </>
  )
}
