import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, useState } from 'react'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'

/** Typed once, and shown to whoever wants to see what they typed: a second field only finds what was mistyped by chance. */
export function PasswordField(props: Omit<ComponentProps<typeof TextField>, 'type' | 'end'>) {
  const [shown, setShown] = useState(false)
  const Icon = shown ? EyeOff : Eye
  return (
    <TextField
      {...props}
      type={shown ? 'text' : 'password'}
      spellCheck={false}
      autoCapitalize="none"
      end={
        <Button
          aria-label="Show what is typed"
          aria-pressed={shown}
          title={shown ? 'Hide it' : 'Show it'}
          className="!px-2.5"
          onClick={() => setShown(!shown)}
        >
          <Icon size={17} aria-hidden />
        </Button>
      }
    />
  )
}
