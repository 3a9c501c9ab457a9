// Made by scripts/generate-events.ts from src/engine/delivery/event-types.ts. Do not edit: change the table and run `npm run generate`.

/** The `data` of each type of event. */
export interface EventData {
  /** An account was connected. */
  'connection.created': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    missingScopes?: string[]
  }
  /** Everything of a connection works. */
  'connection.healthy': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    reason: string | null
    says: string | null
  }
  /** A part of a connection does not work, the rest does. */
  'connection.degraded': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    reason: string | null
    says: string | null
  }
  /** The platform ended the access: the account owner has to connect again. */
  'connection.needs_reauth': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    reason: string | null
    says?: string | null
  }
  /** The account owner connected again. */
  'connection.reconnected': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    missingScopes?: string[]
  }
  /** A connection works again without anybody having acted. */
  'connection.recovered': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    missingScopes?: string[]
  }
  /** Other permissions than before were given. */
  'connection.scopes_changed': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    missingScopes?: string[]
  }
  /** The access will end unless the account owner consents again. */
  'connection.expiring': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    days: number
    clock: string
    endsAt: string
    says: string
  }
  /** The application paused a connection. */
  'connection.paused': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    reason: string | null
  }
  /** A paused connection goes on. */
  'connection.resumed': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    reason: string | null
  }
  /** A connection was taken away. Its history stays. */
  'connection.disconnected': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
  }
  /** Somebody tried to connect an account, and it did not work. */
  'connect.failed': {
    session: string
    provider: string
    integration: string
    fault: string
    says: string
  }
  /** The access of a consent was renewed. */
  'grant.refreshed': {
    grant: string
    generation: number
    accessExpiresAt: number | null
  }
  /** A reading brought values that are new. */
  'metrics.updated': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
  }
  /** The platform corrected values of days that were over. At most 20 of them are listed. */
  'metric.restated': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    count: number
    values: ({
      metric: string
      item: string | null
      day: string
      timezone: string
      before: number | null
      after: number | null
    })[]
  }
  /** Something new was published. */
  'item.published': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    item: {
      id: string
      kind: string
      title: string
      url?: string
      publishedAt?: string
    }
  }
  /** A platform refuses some metrics of a stream. The rest of it goes on, and they are asked for again later. */
  'metric.refused': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    metrics: {
      name: string
      why: string
    }[]
  }
  /** A platform gives metrics again that it had refused. */
  'metric.given_again': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    metrics: string[]
  }
  /** A reading went well and brought what can hardly be right. What stood before stays. */
  'stream.doubted': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    kind: "zeros" | "nothing" | "little" | "vanished"
    says: string
  }
  /** What was doubted is over: the numbers are right again, or were right all the while (`accepted`). */
  'stream.believed': {
    connection: string
    profile: string
    provider: string
    stream: string
    run: string
    kind: "zeros" | "nothing" | "little" | "vanished"
    since: string
    accepted: boolean
  }
  /** Days of the past were read. */
  'backfill.done': {
    backfill: string
    connection: string
    stream: string
    from: string
    to: string
    fault: string | null
    says: string | null
  }
  /** Days of the past could not be read. What was read of them stays. */
  'backfill.failed': {
    backfill: string
    connection: string
    stream: string
    from: string
    to: string
    fault: string | null
    says: string | null
  }
  /** A platform told of something: a mention, a message, a lead. */
  'record.created': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    record: string
    kind: string
    key: string
  }
  /** Something that a platform told of is another now. */
  'record.changed': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    record: string
    kind: string
    key: string
  }
  /** Something that a platform told of is gone. */
  'record.removed': {
    connection: string
    profile: string
    provider: string
    integration: string
    account: string
    record: string
    kind: string
    key: string
  }
  /** A webhook that came in could not be worked through. It is kept, and can be replayed. */
  'message.failed': {
    message: string
    integration: string
    provider: string
    fault: string | null
  }
  /** Something is wrong with an app or its platform. No connection changes because of it. */
  'integration.incident': {
    incident: string
    integration: string
    provider: string
    code: string
    says: string
    reason: string
  }
  /** What was wrong with an app or its platform is over. */
  'integration.recovered': {
    incident: string
    integration: string
    provider: string
  }
  /** A notification channel lets nothing through. */
  'channel.failing': {
    channel: string
    says: string
  }
  /** A notification channel works again. */
  'channel.recovered': {
    channel: string
  }
  /** Nothing has got through to an endpoint for an hour. The endpoint itself is not sent this. */
  'endpoint.failing': {
    endpoint: string
    says: string
  }
  /** An endpoint that failed takes events again. The endpoint itself is not sent this. */
  'endpoint.recovered': {
    endpoint: string
  }
  /** An endpoint gets nothing any more, until it is switched on again. The endpoint itself is not sent this. */
  'endpoint.disabled': {
    endpoint: string
    says: string
    reason: "gone" | "failing"
  }
  /** Somebody tries an endpoint. Only that endpoint is sent this. */
  'endpoint.test': {
    endpoint: string
    says: string
  }
}
