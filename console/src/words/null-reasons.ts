/** Why there is no number, in words that a manager understands. A missing number is never shown as zero. */
const known: Readonly<Record<string, { short: string; says: string }>> = {
  hidden: { short: 'hidden', says: 'The account or the item hides this number.' },
  not_offered: { short: 'not offered', says: 'The platform does not give this number to apps like this one.' },
  below_threshold: { short: 'too few', says: 'Too few people for the platform to say.' },
  not_ready: { short: 'not ready', says: 'The platform has not computed it yet.' },
  unavailable: { short: 'unavailable', says: 'The platform answered without it and gave no reason.' },
  incomplete: { short: 'incomplete', says: 'Some days of the period are missing, so there is no honest sum.' },
  no_value: { short: 'newest day missing', says: 'The newest day has no number to compare.' },
  no_earlier_value: { short: 'too new', says: 'There is no value of 28 days before to compare with.' },
  definition_changed: {
    short: 'rule changed',
    says: 'The platform changed how it counts in between, so before and after do not compare.',
  },
  not_read: { short: 'not read yet', says: 'Nothing has been read yet.' },
  not_over: { short: 'goes on', says: 'The day is not over yet.' },
  no_such_day: { short: 'no such day', says: 'The earlier period has no such day to compare with.' },
  unit_changed: { short: 'unit changed', says: 'The earlier amount is in another currency.' },
  timezone_changed: {
    short: 'zone changed',
    says: 'The days of the period are days of two zones, so they do not add up.',
  },
  different_days: { short: 'other days', says: 'The newest numbers are of different days, so they do not add up.' },
  not_additive: { short: 'no total', says: 'Numbers of this kind cannot be added.' },
}

/** A reason is one of our words or already a sentence. */
export function reasonSays(reason: string | null | undefined): string {
  if (!reason) return 'There is no number, and nobody said why.'
  const word = known[reason]
  if (word) return word.says
  return reason.includes(' ') ? reason : `${capital(reason.replace(/[._]/g, ' '))}.`
}

/** The same for a table cell. A sentence is too long there: the cell says `no number` and the sentence stands beside it. */
export function reasonShort(reason: string | null | undefined): string {
  if (!reason) return 'no number'
  const word = known[reason]
  if (word) return word.short
  return reason.includes(' ') ? 'no number' : reason.replace(/[._]/g, ' ')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
