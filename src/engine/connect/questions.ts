import { Fault, type Field, type Fields, type Provider } from '@patchbay/kit'

/** Chooses one account where a consent reaches several: its id or its handle. Every provider takes it. */
export const accountInput = 'account'

/** What the owner types in: the fields of schemes without a consent page, and the provider's own questions. */
export function questionsOf(provider: Provider): { credentials: Fields; inputs: Fields } {
  const { auth } = provider
  return { credentials: 'fields' in auth ? auth.fields : {}, inputs: provider.inputs ?? {} }
}

/**
 * The answers, checked: nothing that was not asked, nothing required left out. What the application said already (`known`) stays as it said it.
 * Throws `input.invalid` with the field.
 */
export function readAnswers(
  provider: Provider,
  answers: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): { credentials: Record<string, string>; inputs: Record<string, string> } {
  const asked = questionsOf(provider)
  for (const name of Object.keys(answers)) {
    if (!Object.hasOwn(asked.credentials, name) && !Object.hasOwn(asked.inputs, name) && name !== accountInput)
      throw new Fault('input.invalid', `Nobody asked for "${name.slice(0, 80)}".`, { field: name.slice(0, 80) })
  }
  const credentials = readFields(asked.credentials, answers)
  const inputs = readFields(asked.inputs, { ...answers, ...known })
  const account = known[accountInput] ?? answers[accountInput]
  return { credentials, inputs: account ? { ...inputs, [accountInput]: account } : inputs }
}

function readFields(fields: Fields, answers: Readonly<Record<string, string>>): Record<string, string> {
  const read: Record<string, string> = {}
  for (const [name, field] of Object.entries(fields)) {
    const said = Object.hasOwn(answers, name) ? answers[name] : undefined
    // A password may well begin with a space.
    const answer = (field.secret && said?.trim() ? said : said?.trim()) || field.initial
    if (answer !== undefined) read[name] = checked(name, field, answer)
    else if (field.required) throw new Fault('input.invalid', `“${field.label}” is missing.`, { field: name })
  }
  return read
}

function checked(name: string, field: Field, answer: string): string {
  // A private key has many lines; nothing else has control characters.
  const strange = field.secret ? /[^\P{Cc}\r\n\t]/u : /\p{Cc}/u
  if (answer.length > 8000 || !answer.isWellFormed() || strange.test(answer))
    throw new Fault('input.invalid', `“${field.label}” is too long or has characters that cannot be meant.`, {
      field: name,
    })
  if (field.choices && !field.choices.includes(answer))
    throw new Fault('input.invalid', `“${field.label}” takes ${field.choices.join(' or ')}.`, { field: name })
  return answer
}
