import { useId } from 'react'
import { type Role, roles, roleWords } from '../../words/people.ts'

/** A choice of role, each with what it may do. */
export function RoleField({ chosen, choose }: { chosen: Role; choose: (role: Role) => void }) {
  const id = useId()
  return (
    <fieldset className="space-y-2 rounded-lg border border-line p-3">
      <legend className="strip px-1">Role</legend>
      {roles.map((role) => (
        <div key={role} className="flex gap-2.5">
          <input
            type="radio"
            name="role"
            id={`${id}-${role}`}
            aria-describedby={`${id}-${role}-says`}
            value={role}
            checked={role === chosen}
            onChange={() => choose(role)}
            className="mt-1 size-4 shrink-0 accent-accent"
          />
          <div className="min-w-0">
            <label htmlFor={`${id}-${role}`} className="font-medium">
              {roleWords[role].name}
            </label>
            <p id={`${id}-${role}-says`} className="text-sm text-soft">
              {roleWords[role].says}
            </p>
          </div>
        </div>
      ))}
    </fieldset>
  )
}
