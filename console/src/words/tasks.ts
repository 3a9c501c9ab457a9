import type { StateWords } from './states.ts'

const kinds: Readonly<Record<string, string>> = {
  reconnect: 'Reconnect',
  grant_permission: 'Permission',
  set_up: 'Set-up',
  repair_channel: 'Notifications',
  replay_messages: 'Messages',
  check_numbers: 'Numbers',
  check_account: 'Account',
  prepare_change: 'Change ahead',
  repair_endpoint: 'Events',
}
export const taskKindOrder = [
  'reconnect',
  'grant_permission',
  'set_up',
  'repair_channel',
  'repair_endpoint',
  'replay_messages',
  'check_numbers',
  'check_account',
  'prepare_change',
] as const
export const taskKindName = (kind: string): string => kinds[kind] ?? kind.replace(/_/g, ' ')

const priorities: Readonly<Record<string, StateWords>> = {
  high: { name: 'high', tone: 'bad', shape: 'alert', says: 'Something stands still.' },
  normal: { name: 'normal', tone: 'warn', shape: 'partial', says: 'Something works in part.' },
  low: { name: 'low', tone: 'quiet', shape: 'waiting', says: 'Nothing stands still because of it.' },
}
export const taskPriority = (priority: string): StateWords => priorities[priority] ?? priorities.normal!

/** The words of the API, as a page calls them. */
export const taskStates = { open: 'Open', snoozed: 'Put off', dismissed: 'Turned down', done: 'Done' } as const
export const taskStateOrder = ['open', 'snoozed', 'dismissed', 'done'] as const
