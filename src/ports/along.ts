import type { Instant } from './clock.ts'

/**
 * What is written in the same transaction as a change: the events that applications get, what the audit remembers, and tasks that open or close.
 * Every store that changes something takes one, so that no change goes without its traces and no trace without its change.
 */
export interface Along {
  readonly at: Instant
  readonly actor: Actor
  readonly events?: readonly NewEvent[]
  readonly audit?: readonly NewAudit[]
  /** A connection has one open task of a kind: opening another brings that one up to date. */
  readonly openTasks?: readonly NewTask[]
  /** Closes every open task of that kind and connection, or of that kind and subject. */
  readonly closeTasks?: readonly DoneTask[]
}

export type Actor = `${'key' | 'user' | 'owner' | 'schedule' | 'webhook' | 'system' | 'provider'}${'' | `:${string}`}`

export interface NewEvent {
  readonly id: string
  /** `connection.created`, `run.finished`, `metric.restated`, … */
  readonly type: string
  readonly connectionId?: string
  readonly profileId?: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface NewAudit {
  readonly id: string
  /** What was done: `connection.disconnected`, `credentials.read`. Never a secret. */
  readonly action: string
  /** On what, by id. */
  readonly subject: string
  readonly detail?: Readonly<Record<string, unknown>>
}

export type DoneTask =
  | { readonly connectionId: string; readonly kind: string }
  | { readonly subject: string; readonly kind: string }

/** While one of the same kind and connection, or kind and subject, is open, opening it again changes nothing. */
export interface NewTask {
  readonly id: string
  readonly kind: TaskKind
  readonly connectionId?: string
  /** What it is about when that is no connection: the id of an integration or a channel. */
  readonly subject?: string
  readonly title: string
  readonly description: string
  readonly category: 'connection' | 'setup' | 'quota'
  readonly priority: 'low' | 'normal' | 'high'
  /** How much it hurts, 0–100: what stands still meanwhile. */
  readonly impact: number
  readonly dueAt: Instant | null
}

/** What a person can be asked to do. */
export const taskKinds = [
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
export type TaskKind = (typeof taskKinds)[number]
