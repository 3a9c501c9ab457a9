import type { Provider } from '@patchbay/kit'
import type { Client } from '@patchbay/sdk'

/** What a command may use. Everything ambient comes in here. */
export interface CommandContext {
  /** After the command's name, options taken out. */
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  /** `--json`: one JSON document on standard output and nothing else. */
  readonly json: boolean
  readonly out: (text: string) => void
  /** Standard error: progress and remarks, so that standard output stays clean. */
  readonly remark: (text: string) => void
  readonly isTerminal: boolean
  /** The running server that `--url` and `--key`, the environment or `demo.json` name. Throws a UsageError when none is known. */
  readonly client: () => Client
  readonly services: Services
}

/** What only the joining file can do. */
export interface Services {
  /** Runs the server until it is told to stop. */
  readonly start: (options: { empty: boolean; out: (text: string) => void; isTerminal: boolean }) => Promise<void>
  readonly sandbox: (options: {
    port?: number
    host?: string
    artists?: number
    seed?: string
    replay?: string
    out: (text: string) => void
  }) => Promise<void>
  /** Where the running server's sandbox is. Throws a UsageError when none is known. */
  readonly sandboxUrl: () => string
  /** The text of a file; `-` is standard input. */
  readonly read: (file: string) => Promise<string>
  /** Writes a file that is not there yet. Throws a UsageError when it is. */
  readonly create: (file: string, text: string) => Promise<void>
  /** Plays a platform against its own examples, in memory. */
  readonly rehearse: (provider: Provider) => Promise<Rehearsal>
  /** Bytes to standard output, as fast as it takes them. */
  readonly write: (pieces: AsyncIterable<Uint8Array>) => Promise<void>
  /** A one-time address that signs the owner in. Throws a UsageError where none can be made. */
  readonly ownerLink: () => Promise<string>
  /** Looks at everything a server needs, without starting one. */
  readonly examine: () => Promise<Finding[]>
  /** Runs what the database lacks of this version. `check`: only says what that is. */
  readonly upgrade: (options: { check: boolean }) => Promise<Upgraded>
}

/** What became of one account that was connected, and read once, with nothing but a definition's examples. */
export interface Rehearsal {
  readonly account: { readonly id: string; readonly name: string } | null
  /** Why there is none. */
  readonly says: string | null
  readonly streams: readonly {
    readonly stream: string
    readonly state: string
    readonly calls: number
    readonly pages: number
    readonly refused: number
    readonly says: string | null
  }[]
  readonly observations: readonly {
    readonly stream: string
    readonly metric: string
    readonly item: string | null
    readonly day: string
    readonly dimensions: Readonly<Record<string, string>>
    readonly value: number | null
    readonly reason: string | null
  }[]
  readonly items: readonly {
    readonly kind: string
    readonly id: string
    readonly title: string
    readonly publishedAt: string | null
  }[]
}

export interface Upgraded {
  /** What was run, or would be. `needsFrom`: of a server that goes on beside it, the migration that it has to know; null for any. */
  readonly migrations: readonly { readonly name: string; readonly needsFrom: string | null }[]
  /** What a newer version ran before. */
  readonly ahead: readonly string[]
}

export interface Finding {
  readonly what: string
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly says: string
}

export interface Command {
  readonly summary: string
  /** After the command's name: `<provider> --profile ID`. */
  readonly usage: string
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly says: string }>>
  /** Returns the exit code. */
  readonly run: (context: CommandContext) => Promise<number>
}

/** The words were wrong. Says how they should be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Stable: 0 fine, 1 failed, 2 differences or wrong words, 3 not allowed, 4 quota, 5 the provider. */
export const exitCodes = { failed: 1, usage: 2, auth: 3, quota: 4, provider: 5 } as const
