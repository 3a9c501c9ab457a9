// Made by scripts/generate-sdk.ts from the schemas of src/api. Do not edit: change the schema and run `npm run generate`.

import type { CallOptions } from '../client.ts'

export interface Operations {
  connectSessions: {
    /** Invite somebody to connect accounts: send them to `url`. `POST /v1/connect-sessions`, scope `connections:write`. */
    create(input: {
      profile: {
        id: string
        name?: string
      }
      integrations?: string[]
      returnUrl?: string
      inputs?: Record<string, string>
    }, options?: CallOptions): Promise<{
      id: string
      token: string
      url: string
      expiresAt: string
    }>
    /** What became of an invitation. `GET /v1/connect-sessions/{id}`, scope `connections:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      profile: string
      state: "open" | "done" | "failed" | "expired"
      connections: string[]
      says: string | null
      expiresAt: string
    }>
  }
  connections: {
    /** Invite the owner of a connection to consent again. Its id, history and cursors stay. `POST /v1/connections/{id}/reconnect`, scope `connections:write`. */
    reconnect(input: {
      id: string
    } & {
      returnUrl?: string
    }, options?: CallOptions): Promise<{
      id: string
      token: string
      url: string
      expiresAt: string
    }>
    /** Connections, oldest first; disconnected ones only when asked for by state. `GET /v1/connections`, scope `connections:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      profile?: string
      provider?: string
      state?: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        profile: string
        provider: string
        integration: string
        account: {
          id: string
          handle: string | null
          name: string
          url: string | null
          imageUrl: string | null
          kind: string
          ownership: string
        }
        state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
        reason: string | null
        says: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
        scopes: {
          granted: string[]
          missing: string[]
          switchedOff: {
            scope: string
            streams: {
              id: string
              summary: string
            }[]
          }[]
        }
        clocks: {
          access: string | null
          refresh: string | null
          dataAccess: string | null
        }
        endsAt: string | null
        freshness: {
          syncedAt: string | null
          badge: "fresh" | "aging" | "stale" | "unknown"
        }
        createdAt: string
      })[]
      nextCursor: string | null
    }>
    /** How many connections are in each state. `GET /v1/connections/summary`, scope `connections:read`. */
    summary(input?: Record<string, never>, options?: CallOptions): Promise<{
      states: Record<string, number>
    }>
    /** One connection. `GET /v1/connections/{id}`, scope `connections:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      profile: string
      provider: string
      integration: string
      account: {
        id: string
        handle: string | null
        name: string
        url: string | null
        imageUrl: string | null
        kind: string
        ownership: string
      }
      state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
      reason: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      scopes: {
        granted: string[]
        missing: string[]
        switchedOff: {
          scope: string
          streams: {
            id: string
            summary: string
          }[]
        }[]
      }
      clocks: {
        access: string | null
        refresh: string | null
        dataAccess: string | null
      }
      endsAt: string | null
      freshness: {
        syncedAt: string | null
        badge: "fresh" | "aging" | "stale" | "unknown"
      }
      createdAt: string
    }>
    /** The streams of a connection: how each stands, and why. `GET /v1/connections/{id}/streams`, scope `connections:read`. */
    streams(input: {
      id: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        summary: string
        state: "on_time" | "late" | "error" | "waiting" | "blocked" | "running" | "never"
        says: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
        everyMs: number
        cadence: {
          everyMs: number
          tier: "hourly" | "six_hourly" | "daily" | "chosen" | "declared"
          why: string
          until: string | null
        } | null
        dueAt: string
        lane: string
        failures: number
        blocked: string | null
        lastEndedAt: string | null
        lastFault: string | null
        doubt: {
          kind: "zeros" | "nothing" | "little" | "vanished"
          says: string
          since: string
          times: number
        } | null
        refused: {
          name: string
          why: string
          since: string
          retryAt: string
        }[]
        freshness: {
          syncedAt: string | null
          badge: "fresh" | "aging" | "stale" | "unknown"
        }
      })[]
    }>
    /** How the state of a connection changed, newest first. `GET /v1/connections/{id}/transitions`, scope `connections:read`. */
    transitions(input: {
      id: string
    }, options?: CallOptions): Promise<{
      data: ({
        from: string | null
        to: string
        reason: string | null
        actor: string
        at: string
      })[]
    }>
    /** Ask the provider, with one light call, whether the connection still works. `POST /v1/connections/{id}/validate`, scope `connections:write`. */
    validate(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
      reason: string | null
      works: boolean
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
    }>
    /** Ask the same for many, page by page: those of a profile, or all. Each has its own outcome. `POST /v1/connections/validate`, scope `connections:write`. */
    validateAll(input?: {
      profile?: string
      provider?: string
      cursor?: string
      limit?: number
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
        reason: string | null
        works: boolean
        fault: string | null
        says: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      })[]
      nextCursor: string | null
    }>
    /** Stop reading this connection until it is resumed. `POST /v1/connections/{id}/pause`, scope `connections:write`. */
    pause(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
      reason: string | null
    }>
    /** Go on reading a paused connection. `POST /v1/connections/{id}/resume`, scope `connections:write`. */
    resume(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
      reason: string | null
    }>
    /** Disconnect: its tokens are given back at the provider unless another connection uses them. History stays. `DELETE /v1/connections/{id}`, scope `connections:write`. */
    disconnect(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
      reason: string | null
    }>
    /** Read streams soon, ahead of the schedule. `POST /v1/connections/{id}/sync`, scope `connections:write`. */
    sync(input: {
      id: string
    } & {
      streams?: string[]
    }, options?: CallOptions): Promise<{
      woken: number
    }>
    /** Read the headline numbers now and wait for them, a few seconds at most. `POST /v1/connections/{id}/refresh`, scope `connections:write`. */
    refresh(input: {
      id: string
    }, options?: CallOptions): Promise<{
      done: boolean
      connection: {
        id: string
        profile: string
        provider: string
        integration: string
        account: {
          id: string
          handle: string | null
          name: string
          url: string | null
          imageUrl: string | null
          kind: string
          ownership: string
        }
        state: "pending" | "healthy" | "degraded" | "needs_reauth" | "revoked" | "disconnected" | "paused"
        reason: string | null
        says: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
        scopes: {
          granted: string[]
          missing: string[]
          switchedOff: {
            scope: string
            streams: {
              id: string
              summary: string
            }[]
          }[]
        }
        clocks: {
          access: string | null
          refresh: string | null
          dataAccess: string | null
        }
        endsAt: string | null
        freshness: {
          syncedAt: string | null
          badge: "fresh" | "aging" | "stale" | "unknown"
        }
        createdAt: string
      }
    }>
    /** The access token, fresh. Every reading is in the audit. `GET /v1/connections/{id}/credentials`, scope `credentials:read`. */
    credentials(input: {
      id: string
    }, options?: CallOptions): Promise<{
      accessToken: string
      expiresAt: string | null
      scopes: string[]
    }>
    /** Bring connections from elsewhere, with their tokens: up to a hundred, each with its own result. What is there already stays as it is. `POST /v1/connections/import`, scope `connections:write`. */
    import(input: {
      connections: ({
        profile: {
          id: string
          name?: string
        }
        integration: string
        accessToken?: string
        refreshToken?: string
        expiresAt?: string
        refreshExpiresAt?: string
        scopes?: string[]
        credentials?: Record<string, string>
        account?: {
          id: string
          name: string
          handle?: string
          kind: "artist_page" | "user_profile" | "channel" | "auto_channel" | "label_page" | "page" | "business"
        }
        inputs?: Record<string, string>
      })[]
      verify?: boolean
    }, options?: CallOptions): Promise<{
      data: ({
        status: "imported" | "exists" | "failed"
        connections: string[]
        fault: string | null
        says: string | null
      })[]
    }>
    /** Every account that the consent behind a connection reaches, as the platform says now. `GET /v1/connections/{id}/accounts`, scope `connections:read`. */
    accounts(input: {
      id: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        name: string
        handle: string | null
        kind: string
        connection: string | null
      })[]
    }>
    /** Connect further accounts by the consent that is there; nobody is asked again. `POST /v1/connections/{id}/accounts`, scope `connections:write`. */
    addAccounts(input: {
      id: string
    } & {
      accounts: string[]
      profile?: string
    }, options?: CallOptions): Promise<{
      connections: string[]
    }>
    /** How often each stream of a connection is read, and why. `GET /v1/connections/{id}/cadence`, scope `connections:read`. */
    cadence(input: {
      id: string
    }, options?: CallOptions): Promise<{
      lookedAt: string | null
      chosen: {
        every: string
        reason: string
        by: string
        at: string
        until: string
      } | null
      streams: ({
        everyMs: number
        tier: "hourly" | "six_hourly" | "daily" | "chosen" | "declared"
        why: string
        until: string | null
        stream: string
      })[]
    }>
    /** Read a connection more or less often for a while, within what its quotas can bear. `PUT /v1/connections/{id}/cadence`, scope `connections:write`. */
    chooseCadence(input: {
      id: string
    } & {
      every: string
      reason: string
      until: string
    }, options?: CallOptions): Promise<{
      lookedAt: string | null
      chosen: {
        every: string
        reason: string
        by: string
        at: string
        until: string
      } | null
      streams: ({
        everyMs: number
        tier: "hourly" | "six_hourly" | "daily" | "chosen" | "declared"
        why: string
        until: string | null
        stream: string
      })[]
    }>
    /** Go back to the rule. `DELETE /v1/connections/{id}/cadence`, scope `connections:write`. */
    clearCadence(input: {
      id: string
    }, options?: CallOptions): Promise<{
      lookedAt: string | null
      chosen: {
        every: string
        reason: string
        by: string
        at: string
        until: string
      } | null
      streams: ({
        everyMs: number
        tier: "hourly" | "six_hourly" | "daily" | "chosen" | "declared"
        why: string
        until: string | null
        stream: string
      })[]
    }>
    /** Server-sent events while streams are read: one a stream whenever it stands differently, and `done` when nothing runs any more. Two minutes at most. `GET /v1/connections/{id}/watch`, scope `connections:read`. */
    watch(input: {
      id: string
    } & {
      streams?: string
    }, options?: CallOptions): Promise<Response>
    /** Why a stream is as old as it is: when it is due, what it waits for, since when, who ends that, and its last runs. `GET /v1/connections/{id}/streams/{stream}/explain`, scope `connections:read`. */
    explainStream(input: {
      id: string
      stream: string
    }, options?: CallOptions): Promise<{
      connection: string
      stream: string
      state: string
      syncedAt: string | null
      promisedAt: string | null
      lateMs: number | null
      dueAt: string
      cadence: {
        everyMs: number
        tier: "hourly" | "six_hourly" | "daily" | "chosen" | "declared"
        why: string
        until: string | null
      } | null
      reasons: ({
        what: "schedule" | "reading" | "turn" | "quota" | "outage" | "retry" | "pause" | "owner" | "permission" | "operator" | "doubt" | "refused_metrics"
        says: string
        quota: string | null
        since: string | null
        until: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      })[]
      runs: ({
        id: string
        provider: string
        integration: string
        stream: string
        connections: string[]
        trigger: string
        lane: string
        state: "running" | "succeeded" | "partial" | "failed" | "waiting" | "abandoned"
        startedAt: string
        endedAt: string | null
        pages: number
        calls: number
        rows: {
          inserted: number
          restated: number
          unchanged: number
          items: number
          refused: number
        }
        fault: string | null
        says: string | null
      })[]
    }>
  }
  backfills: {
    /** Read days of the past again or for the first time, behind everything else. `POST /v1/connections/{id}/backfill`, scope `connections:write`. */
    create(input: {
      id: string
    } & {
      stream: string
      from: string
      to: string
    }, options?: CallOptions): Promise<{
      id: string
      connection: string
      provider: string
      stream: string
      from: string
      to: string
      state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      readyAt: string | null
      pages: number
      calls: number
      written: number
      share: number
      endsAt: string | null
      by: string
      createdAt: string
      startedAt: string | null
      endedAt: string | null
    }>
    /** Backfills, newest first: how far each is, and when it will be done. `GET /v1/backfills`, scope `connections:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      connection?: string
      state?: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        connection: string
        provider: string
        stream: string
        from: string
        to: string
        state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
        fault: string | null
        says: string | null
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
        readyAt: string | null
        pages: number
        calls: number
        written: number
        share: number
        endsAt: string | null
        by: string
        createdAt: string
        startedAt: string | null
        endedAt: string | null
      })[]
      nextCursor: string | null
    }>
    /** One backfill. `GET /v1/backfills/{id}`, scope `connections:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      connection: string
      provider: string
      stream: string
      from: string
      to: string
      state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      readyAt: string | null
      pages: number
      calls: number
      written: number
      share: number
      endsAt: string | null
      by: string
      createdAt: string
      startedAt: string | null
      endedAt: string | null
    }>
    /** Stop a backfill after its page until it is resumed. `POST /v1/backfills/{id}/pause`, scope `connections:write`. */
    pause(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      connection: string
      provider: string
      stream: string
      from: string
      to: string
      state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      readyAt: string | null
      pages: number
      calls: number
      written: number
      share: number
      endsAt: string | null
      by: string
      createdAt: string
      startedAt: string | null
      endedAt: string | null
    }>
    /** Go on with a backfill that was paused or failed, from where it stopped. `POST /v1/backfills/{id}/resume`, scope `connections:write`. */
    resume(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      connection: string
      provider: string
      stream: string
      from: string
      to: string
      state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      readyAt: string | null
      pages: number
      calls: number
      written: number
      share: number
      endsAt: string | null
      by: string
      createdAt: string
      startedAt: string | null
      endedAt: string | null
    }>
    /** End a backfill. What it has read stays. `POST /v1/backfills/{id}/cancel`, scope `connections:write`. */
    cancel(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      connection: string
      provider: string
      stream: string
      from: string
      to: string
      state: "waiting" | "running" | "paused" | "cancelled" | "done" | "failed"
      fault: string | null
      says: string | null
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      readyAt: string | null
      pages: number
      calls: number
      written: number
      share: number
      endsAt: string | null
      by: string
      createdAt: string
      startedAt: string | null
      endedAt: string | null
    }>
  }
  profiles: {
    /** Profiles, by id. `GET /v1/profiles`, scope `connections:read`. */
    list(input?: {
      limit?: number
      cursor?: string
    }, options?: CallOptions): Promise<{
      data: {
        id: string
        name: string
        createdAt: string
      }[]
      nextCursor: string | null
    }>
    /** Make a profile, or rename it. `PUT /v1/profiles/{id}`, scope `connections:write`. */
    save(input: {
      id: string
    } & {
      name: string
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      createdAt: string
    }>
    /** One profile. `GET /v1/profiles/{id}`, scope `connections:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      createdAt: string
    }>
    /** The headline numbers of a profile on every platform; what one platform fails to give does not hide the others. `GET /v1/profiles/{id}/summary`, scope `metrics:read`. */
    summary(input: {
      id: string
    }, options?: CallOptions): Promise<{
      profile: {
        id: string
        name: string
      }
      accounts: ({
        connection: string
        provider: string
        account: {
          id: string
          name: string
          handle: string | null
          url: string | null
          imageUrl: string | null
        }
        state: string
        reason: string | null
        freshness: {
          syncedAt: string | null
          dataAsOf: string | null
          badge: string
        }
        metrics: ({
          metric: string
          value: number | null
          reason: string | null
          unit: string
          day: string
          provenance: string
          change: {
            value: number | null
            reason: string | null
            since: string | null
          }
        })[]
        notOffered: Record<string, string>
      })[]
      together: ({
        metric: string
        unit: string
        value: number | null
        known: number | null
        reason: string | null
        parts: ({
          connection: string
          provider: string
          day: string | null
          value: number | null
          reason: string | null
          version: string | null
        })[]
        says: string | null
      })[]
    }>
    /** The recordings of a profile with the items of each platform that are one, newest first. `GET /v1/profiles/{id}/recordings`, scope `metrics:read`. */
    recordings(input: {
      id: string
    } & {
      limit?: number
      cursor?: string
      connection?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        title: string
        isrcs: {
          code: string
          firstSeen: {
            provider: string
            connection: string
            item: string
            at: string
          }
          others: number
        }[]
        mbids: {
          code: string
          firstSeen: {
            provider: string
            connection: string
            item: string
            at: string
          }
        }[]
        durationMs: number | null
        publishedAt: {
          value: string
          precision: "year" | "month" | "day" | "instant"
        } | null
        items: ({
          connection: string
          provider: string
          id: string
          kind: string
          title: string
          url: string | null
          imageUrl: string | null
          durationMs: number | null
          publishedAt: string | null
          identifiers: Record<string, string>
          removedAt: string | null
        })[]
        joined: ({
          rule: "isrc_and_duration" | "isrc_and_mbid" | "same_item"
          code: string | null
          items: string[]
        })[]
        numbers: ({
          metric: string
          unit: string
          value: number | null
          known: number | null
          reason: string | null
          parts: ({
            connection: string
            provider: string
            day: string | null
            value: number | null
            reason: string | null
            version: string | null
            item: string
          })[]
          says: string | null
        })[]
      })[]
      nextCursor: string | null
    }>
    /** The releases of a profile with the albums of each platform that have the same barcode, newest first. `GET /v1/profiles/{id}/releases`, scope `metrics:read`. */
    releases(input: {
      id: string
    } & {
      limit?: number
      cursor?: string
      connection?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        title: string
        gtins: {
          code: string
          firstSeen: {
            provider: string
            connection: string
            item: string
            at: string
          }
        }[]
        barcodes: ({
          raw: string
          gtin: string | null
          item: string
        })[]
        mbids: {
          code: string
          firstSeen: {
            provider: string
            connection: string
            item: string
            at: string
          }
        }[]
        publishedAt: {
          value: string
          precision: "year" | "month" | "day" | "instant"
        } | null
        items: ({
          connection: string
          provider: string
          id: string
          kind: string
          title: string
          url: string | null
          imageUrl: string | null
          durationMs: number | null
          publishedAt: string | null
          identifiers: Record<string, string>
          removedAt: string | null
        })[]
        numbers: ({
          metric: string
          unit: string
          value: number | null
          known: number | null
          reason: string | null
          parts: ({
            connection: string
            provider: string
            day: string | null
            value: number | null
            reason: string | null
            version: string | null
            item: string
          })[]
          says: string | null
        })[]
      })[]
      nextCursor: string | null
    }>
  }
  metrics: {
    /** Metric points of a profile or of connections. `GET /v1/metrics`, scope `metrics:read`. */
    query(input?: {
      profile?: string
      connection?: string
      metric?: string
      from?: string
      to?: string
      granularity?: "day" | "week" | "month" | "latest"
      compare?: "previous" | "year"
      item?: string
      maxAge?: string
      limit?: number
    }, options?: CallOptions): Promise<{
      data: ({
        connection: string
        item: string | null
        metric: string
        value: number | null
        reason: string | null
        unit: string
        kind: string
        dimensions: Record<string, string>
        period: {
          day: string
          start: string
          end: string
          timezone: string
          granularity: string
        }
        asOf: string
        fetchedAt: string
        provenance: string
        final: boolean
        version: string | null
        coverage: {
          complete: boolean
          valueDay: string | null
          soFar: number | null
          missing: {
            from: string
            to: string
            reason: string
          }[]
        } | null
        comparison: {
          against: "previous" | "year"
          day: string | null
          value: number | null
          coverage: {
            complete: boolean
            valueDay: string | null
            soFar: number | null
            missing: {
              from: string
              to: string
              reason: string
            }[]
          } | null
          change: number | null
          ratio: number | null
          reason: string | null
        } | null
        source: {
          provider: string
          native: string
          stream: string
          run: string
        }
      })[]
      truncated: boolean
      stale: ({
        connection: string
        stream: string
        syncedAt: string | null
        reason: "not_in_time" | "failed" | "waiting" | "blocked"
        fault: string | null
        says: string
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time" | null
      })[]
    }>
    /** The numbers of several accounts as one, with each part; refused where they do not make one number. `GET /v1/metrics/totals`, scope `metrics:read`. */
    totals(input: {
      profile?: string
      connection?: string
      metric: string
      from?: string
      to?: string
      granularity?: "day" | "week" | "month" | "latest"
    }, options?: CallOptions): Promise<{
      data: ({
        metric: string
        unit: string
        dimensions: Record<string, string>
        day: string | null
        timezones: string[]
        value: number | null
        known: number | null
        reason: string | null
        parts: ({
          connection: string
          provider: string
          day: string | null
          value: number | null
          reason: string | null
          version: string | null
        })[]
      })[]
    }>
    /** What each metric means, and over what it may be summed. `GET /v1/metrics/definitions`, scope `metrics:read`. */
    definitions(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        metric: string
        summary: string
        unit: string
        kind: string
        window: string | null
        uniqueness: string
        additiveOver: string[]
        rollUp: string
        direction: string
      })[]
    }>
    /** Which platform gives which metric, and why the others do not. `GET /v1/metrics/availability`, scope `metrics:read`. */
    availability(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        provider: string
        metric: string
        available: boolean
        streams: string[]
        says: string | null
      })[]
    }>
    /** Where one number comes from: its source, run, definition and earlier values. `GET /v1/metrics/explain`, scope `metrics:read`. */
    explain(input: {
      connection: string
      metric: string
      day: string
      item?: string
      dimensions?: string
    }, options?: CallOptions): Promise<{
      point: {
        connection: string
        item: string | null
        metric: string
        value: number | null
        reason: string | null
        unit: string
        kind: string
        dimensions: Record<string, string>
        period: {
          day: string
          start: string
          end: string
          timezone: string
          granularity: string
        }
        asOf: string
        fetchedAt: string
        provenance: string
        final: boolean
        version: string | null
        coverage: {
          complete: boolean
          valueDay: string | null
          soFar: number | null
          missing: {
            from: string
            to: string
            reason: string
          }[]
        } | null
        comparison: {
          against: "previous" | "year"
          day: string | null
          value: number | null
          coverage: {
            complete: boolean
            valueDay: string | null
            soFar: number | null
            missing: {
              from: string
              to: string
              reason: string
            }[]
          } | null
          change: number | null
          ratio: number | null
          reason: string | null
        } | null
        source: {
          provider: string
          native: string
          stream: string
          run: string
        }
      }
      definition: {
        metric: string
        summary: string
        unit: string
        kind: string
        window: string | null
        uniqueness: string
        additiveOver: string[]
        rollUp: string
        direction: string
      }
      says: string[]
      revisions: ({
        value: number | null
        reason: string | null
        observedAt: string
        run: string
      })[]
    }>
    /** Every value that one number ever had, newest first: when it was read, and what replaced it. `GET /v1/metrics/revisions`, scope `metrics:read`. */
    revisions(input: {
      connection: string
      metric: string
      day: string
      item?: string
      dimensions?: string
      limit?: number
      cursor?: string
    }, options?: CallOptions): Promise<{
      data: ({
        connection: string
        metric: string
        item: string | null
        dimensions: Record<string, string>
        day: string
        timezone: string
        revision: number
        value: number | null
        reason: string | null
        provenance: string
        native: string
        version: string | null
        final: boolean
        observedAt: string
        stream: string
        run: string
        replacedBy: {
          revision: number
          observedAt: string
        } | null
      })[]
      nextCursor: string | null
    }>
    /** Every stored value of a profile, of connections or of all of them, as a file. `GET /v1/metrics/export`, scope `metrics:read`. */
    export(input?: {
      profile?: string
      connection?: string
      format?: "csv" | "json" | "parquet"
      metric?: string
      from?: string
      to?: string
      about?: "all" | "accounts" | "items"
    }, options?: CallOptions): Promise<Response>
  }
  identity: {
    /** Accounts and addresses of a profile’s artist, with the evidence for each, and suggestions. `GET /v1/profiles/{id}/identity`, scope `connections:read`. */
    list(input: {
      id: string
    } & {
      limit?: number
      cursor?: string
      state?: "found" | "suggested" | "accepted" | "refused" | "manual"
    }, options?: CallOptions): Promise<{
      data: ({
        account: {
          connection: string
          profile: string
          provider: string
          id: string
          name: string
          url: string | null
        } | null
        connection: string | null
        address: string | null
        name: string | null
        state: "found" | "suggested" | "accepted" | "refused" | "manual"
        confidence: number
        evidence: ({
          rule: "connected" | "url_relation" | "shared_recordings" | "same_identifier" | "cross_link" | "name_overlap"
          confidence: number
          via: string | null
          says: string
          since: string
        })[]
        foundAt: string
        seenAt: string
        decidedAt: string | null
        decidedBy: string | null
      })[]
      nextCursor: string | null
    }>
    /** Ask the rules again now, instead of once a day. `POST /v1/profiles/{id}/identity/check`, scope `connections:write`. */
    check(input: {
      id: string
    }, options?: CallOptions): Promise<{
      checkedAt: string
    }>
    /** Say that an account or address is the artist’s, or is not, or take back what was said. `PUT /v1/profiles/{id}/identity`, scope `connections:write`. */
    decide(input: {
      id: string
    } & {
      account: string
      decision: "accepted" | "refused" | "undecided"
    }, options?: CallOptions): Promise<{
      link: {
        account: {
          connection: string
          profile: string
          provider: string
          id: string
          name: string
          url: string | null
        } | null
        connection: string | null
        address: string | null
        name: string | null
        state: "found" | "suggested" | "accepted" | "refused" | "manual"
        confidence: number
        evidence: ({
          rule: "connected" | "url_relation" | "shared_recordings" | "same_identifier" | "cross_link" | "name_overlap"
          confidence: number
          via: string | null
          says: string
          since: string
        })[]
        foundAt: string
        seenAt: string
        decidedAt: string | null
        decidedBy: string | null
      } | null
    }>
  }
  items: {
    /** What was published, newest first. `GET /v1/items`, scope `metrics:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      profile?: string
      connection?: string
      kind?: string
    }, options?: CallOptions): Promise<{
      data: ({
        connection: string
        id: string
        kind: string
        title: string
        url: string | null
        imageUrl: string | null
        publishedAt: string | null
        durationMs: number | null
        status: string | null
        identifiers: Record<string, string>
        firstSeenAt: string
        removedAt: string | null
      })[]
      nextCursor: string | null
    }>
  }
  audiences: {
    /** Who the audience is: shares or counts per country, age and gender. `GET /v1/audiences`, scope `metrics:read`. */
    list(input?: {
      profile?: string
      connection?: string
    }, options?: CallOptions): Promise<{
      data: ({
        connection: string
        population: string
        basis: string
        dimensions: string[]
        period: {
          start: string | null
          end: string
        }
        rows: {
          group: Record<string, string>
          value: number
        }[]
        observedAt: string
      })[]
    }>
  }
  records: {
    /** What platforms told of: comments, mentions, messages, reactions, leads, payments. Newest first. `GET /v1/records/{kind}`, scope `metrics:read`. */
    list(input: {
      kind: string
    } & {
      limit?: number
      cursor?: string
      profile?: string
      connection?: string
      removed?: "true" | "false"
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        connection: string
        kind: "comment" | "mention" | "message" | "reaction" | "lead" | "payment"
        key: string
        data: unknown
        at: string
        removed: boolean
        message: string
        firstSeenAt: string
        seenAt: string
      })[]
      nextCursor: string | null
    }>
  }
  actions: {
    /** Do something on a platform: send, create, publish, find. `POST /v1/actions/{provider}/{action}`, scope `actions:call`. */
    run(input: {
      provider: string
      action: string
    } & {
      connection: string
      input: unknown
    }, options?: CallOptions): Promise<{
      output: unknown
    }>
  }
  quotas: {
    /** Every quota of every integration: used, limit, when it resets. `GET /v1/quotas`, scope `journal:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        provider: string
        integration: string
        quota: string
        holder: string | null
        unit: string
        used: number
        limit: number
        resetsAt: string | null
        parkedUntil: string | null
        source: string
      })[]
    }>
    /** What the schedule will draw from each quota until it resets, and what waits and until when. `GET /v1/quotas/forecast`, scope `journal:read`. */
    forecast(input?: {
      limit?: number
      cursor?: string
      provider?: string
      integration?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        provider: string
        integration: string
        quota: string
        per: "app" | "user" | "account" | "ip"
        holder: string | null
        unit: string
        limit: number
        usable: number
        used: number
        zone: string | null
        windowMs: number | null
        resetsAt: string | null
        expected: number
        readings: number
        streams: ({
          stream: string
          readings: number
          perReading: number
          amount: number
          basis: "measured" | "card" | "declared"
          runs: number
        })[]
        shareAtReset: number
        exhaustedAt: string | null
        held: {
          readings: number
          until: string
        } | null
        waiting: {
          readings: number
          from: string
          until: string
        } | null
        parkedUntil: string | null
        says: string
        source: string
      })[]
      nextCursor: string | null
    }>
    /** How many profiles the quotas of a provider have room for at which freshness, and which is full first. `GET /v1/quotas/capacity`, scope `journal:read`. */
    capacity(input: {
      provider: string
      integration?: string
      profiles?: number
      every?: string
      stream?: string
    }, options?: CallOptions): Promise<{
      provider: string
      integration: string | null
      profiles: number
      fits: boolean
      mostProfiles: number | null
      shortestEveryMs: number | null
      binding: string | null
      says: string
      streams: ({
        stream: string
        everyMs: number
        batch: number
        takes: Record<string, number>
        basis: "measured" | "card" | "declared"
        runs: number
      })[]
      data: ({
        quota: string
        per: "app" | "user" | "account" | "ip"
        unit: string
        limit: number
        usable: number
        draws: number
        fits: boolean
        mostProfiles: number | null
        shortestEveryMs: number | null
        source: string
      })[]
    }>
  }
  runs: {
    /** Executions of streams. `GET /v1/runs`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      connection?: string
      stream?: string
      state?: "running" | "succeeded" | "partial" | "failed" | "waiting" | "abandoned"
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        provider: string
        integration: string
        stream: string
        connections: string[]
        trigger: string
        lane: string
        state: "running" | "succeeded" | "partial" | "failed" | "waiting" | "abandoned"
        startedAt: string
        endedAt: string | null
        pages: number
        calls: number
        rows: {
          inserted: number
          restated: number
          unchanged: number
          items: number
          refused: number
        }
        fault: string | null
        says: string | null
      })[]
      nextCursor: string | null
    }>
  }
  calls: {
    /** Calls to providers, each with all its attempts. `GET /v1/calls`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      connection?: string
      run?: string
      failed?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        connection: string | null
        run: string | null
        provider: string
        lane: string
        method: string
        address: string
        attempts: number
        status: number | null
        fault: string | null
        cost: Record<string, number>
        startedAt: string
        durationMs: number
        waitedMs: number
        requestBytes: number
        responseBytes: number
        requestId: string | null
      })[]
      nextCursor: string | null
    }>
  }
  events: {
    /** Events that applications get. `GET /v1/events`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      connection?: string
      type?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        sequence: number
        type: string
        connection: string | null
        profile: string | null
        data: Record<string, unknown>
        at: string
      })[]
      nextCursor: string | null
    }>
  }
  audit: {
    /** Who changed what, and who read which credential. `GET /v1/audit`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      subject?: string
    }, options?: CallOptions): Promise<{
      data: {
        id: string
        actor: string
        action: string
        subject: string
        detail: Record<string, unknown>
        at: string
      }[]
      nextCursor: string | null
    }>
  }
  messages: {
    /** Webhooks that came in, newest first. `GET /v1/messages`, scope `messages:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      state?: "received" | "processed" | "unmatched" | "failed"
      integration?: string
      account?: string
      type?: string
      from?: string
      to?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        integration: string
        provider: string
        callback: string | null
        accounts: string[]
        types: string[]
        state: "received" | "processed" | "unmatched" | "failed"
        says: string | null
        fault: {
          code: string
          fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
        } | null
        attempts: number
        nextAt: string | null
        receivedAt: string
        signedAt: string | null
        processedAt: string | null
        effects: {
          woken: {
            connection: string
            stream: string
          }[]
          records: number
          checked: string[]
          erased: string[]
        } | null
      })[]
      nextCursor: string | null
    }>
    /** One webhook with its headers and its body as they came. `GET /v1/messages/{id}`, scope `messages:read`. */
    get(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      integration: string
      provider: string
      callback: string | null
      accounts: string[]
      types: string[]
      state: "received" | "processed" | "unmatched" | "failed"
      says: string | null
      fault: {
        code: string
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
      } | null
      attempts: number
      nextAt: string | null
      receivedAt: string
      signedAt: string | null
      processedAt: string | null
      effects: {
        woken: {
          connection: string
          stream: string
        }[]
        records: number
        checked: string[]
        erased: string[]
      } | null
      headers: Record<string, string>
      body: string | null
      bodyBase64: string | null
    }>
    /** Work through messages once more: some by id, or all that match. With preview, say what that would do. `POST /v1/messages/replay`, scope `messages:write`. */
    replay(input?: {
      state?: "received" | "processed" | "unmatched" | "failed"
      integration?: string
      account?: string
      type?: string
      from?: string
      to?: string
      ids?: string[]
      preview?: boolean
    }, options?: CallOptions): Promise<{
      replayed: number
      more: boolean
      preview: ({
        id: string
        wakes: {
          connection: string
          stream: string
        }[]
        records: number
        checks: string[]
        erases: string[]
        strangers: string[]
        undeclared: string[]
        broken: string | null
      })[] | null
    }>
  }
  eventTypes: {
    /** Every type of event, with its JSON Schema and an example of its data. `GET /v1/event-types`, scope `journal:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: {
        type: string
        summary: string
        schema: Record<string, unknown>
        example: Record<string, unknown>
      }[]
    }>
  }
  endpoints: {
    /** Where events are sent. `GET /v1/endpoints`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        id: string
        url: string
        description: string
        types: string[] | null
        profiles: string[] | null
        ordered: boolean
        enabled: boolean
        disabled: {
          reason: "off" | "gone" | "failing"
          at: string
          says: string | null
        } | null
        signing: ({
          id: string
          kind: "hmac" | "ed25519"
          publicKey: string | null
          createdAt: string
          until: string | null
        })[]
        failingSince: string | null
        failingSays: string | null
        restUntil: string | null
        createdAt: string
      })[]
    }>
    /** Make an endpoint. The answer holds its secret, once; with ed25519 there is a public key instead. `POST /v1/endpoints`, scope `setup:write`. */
    create(input: {
      url: string
      description?: string
      types?: string[] | null
      profiles?: string[] | null
      ordered?: boolean
      enabled?: boolean
      signing?: "hmac" | "ed25519"
    }, options?: CallOptions): Promise<{
      id: string
      url: string
      description: string
      types: string[] | null
      profiles: string[] | null
      ordered: boolean
      enabled: boolean
      disabled: {
        reason: "off" | "gone" | "failing"
        at: string
        says: string | null
      } | null
      signing: ({
        id: string
        kind: "hmac" | "ed25519"
        publicKey: string | null
        createdAt: string
        until: string | null
      })[]
      failingSince: string | null
      failingSays: string | null
      restUntil: string | null
      createdAt: string
      secret: string | null
    }>
    /** One endpoint, and how it fares. `GET /v1/endpoints/{id}`, scope `setup:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      url: string
      description: string
      types: string[] | null
      profiles: string[] | null
      ordered: boolean
      enabled: boolean
      disabled: {
        reason: "off" | "gone" | "failing"
        at: string
        says: string | null
      } | null
      signing: ({
        id: string
        kind: "hmac" | "ed25519"
        publicKey: string | null
        createdAt: string
        until: string | null
      })[]
      failingSince: string | null
      failingSays: string | null
      restUntil: string | null
      createdAt: string
    }>
    /** Change an endpoint, or switch it off and on; what is left out stays as it is. What waits for it stays too. `PATCH /v1/endpoints/{id}`, scope `setup:write`. */
    change(input: {
      id: string
    } & {
      url?: string
      description?: string
      types?: string[] | null
      profiles?: string[] | null
      ordered?: boolean
      enabled?: boolean
    }, options?: CallOptions): Promise<{
      id: string
      url: string
      description: string
      types: string[] | null
      profiles: string[] | null
      ordered: boolean
      enabled: boolean
      disabled: {
        reason: "off" | "gone" | "failing"
        at: string
        says: string | null
      } | null
      signing: ({
        id: string
        kind: "hmac" | "ed25519"
        publicKey: string | null
        createdAt: string
        until: string | null
      })[]
      failingSince: string | null
      failingSays: string | null
      restUntil: string | null
      createdAt: string
    }>
    /** Take an endpoint away, with its deliveries. The events stay. `DELETE /v1/endpoints/{id}`, scope `setup:write`. */
    remove(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
    }>
    /** A new secret signs from now on. The one before signs beside it for a while, so that nothing is refused meanwhile. `POST /v1/endpoints/{id}/rotate`, scope `setup:write`. */
    rotate(input: {
      id: string
    } & {
      signing?: "hmac" | "ed25519"
      overlap?: string
    }, options?: CallOptions): Promise<{
      id: string
      url: string
      description: string
      types: string[] | null
      profiles: string[] | null
      ordered: boolean
      enabled: boolean
      disabled: {
        reason: "off" | "gone" | "failing"
        at: string
        says: string | null
      } | null
      signing: ({
        id: string
        kind: "hmac" | "ed25519"
        publicKey: string | null
        createdAt: string
        until: string | null
      })[]
      failingSince: string | null
      failingSays: string | null
      restUntil: string | null
      createdAt: string
      secret: string | null
    }>
    /** Send an event of the type endpoint.test, now, and say what was answered. `POST /v1/endpoints/{id}/test`, scope `setup:write`. */
    test(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      works: boolean
      tried: {
        at: string
        durationMs: number
        status: number | null
        says: string | null
        response: string | null
      }
    }>
    /** Send what an endpoint has not taken since a moment: what was given up, what waits, what happened while it was off. `POST /v1/endpoints/{id}/recover`, scope `setup:write`. */
    recover(input: {
      id: string
    } & {
      since: string
    }, options?: CallOptions): Promise<{
      id: string
      recovered: number
    }>
  }
  deliveries: {
    /** What endpoints were sent, newest event first. `GET /v1/deliveries`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      endpoint?: string
      event?: string
      state?: "waiting" | "delivered" | "failed"
      type?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        event: string
        type: string
        endpoint: string
        state: "waiting" | "delivered" | "failed"
        attempts: number
        nextAt: string | null
        tries: ({
          at: string
          durationMs: number
          status: number | null
          says: string | null
          response: string | null
        })[]
        createdAt: string
        endedAt: string | null
      })[]
      nextCursor: string | null
    }>
    /** Send an event to an endpoint again, with the same id, as if it had never been tried. `POST /v1/deliveries/{id}/resend`, scope `setup:write`. */
    resend(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      event: string
      type: string
      endpoint: string
      state: "waiting" | "delivered" | "failed"
      attempts: number
      nextAt: string | null
      tries: ({
        at: string
        durationMs: number
        status: number | null
        says: string | null
        response: string | null
      })[]
      createdAt: string
      endedAt: string | null
    }>
  }
  subscriptions: {
    /** Subscriptions at platforms, oldest first: what is wanted beside what the platform tells of. `GET /v1/subscriptions`, scope `messages:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      provider?: string
      connection?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        connection: string
        integration: string
        provider: string
        account: string
        topic: string
        wanted: string[]
        actual: string[] | null
        standing: "right" | "asked" | "missing" | "partial" | "over" | "ending"
        says: string
        until: string | null
        nextAt: string
        askedAt: string | null
        confirmedAt: string | null
        checkedAt: string | null
        drifts: number
        attempts: number
      })[]
      nextCursor: string | null
    }>
    /** Compare what is wanted with the connections now, and do soon what is missing at the platforms. `POST /v1/subscriptions/fix`, scope `messages:write`. */
    fix(input?: {
      provider?: string
      connection?: string
    }, options?: CallOptions): Promise<{
      hastened: number
    }>
    /** How much platforms did not tell of that reading found, by platform. `GET /v1/subscriptions/loss`, scope `messages:read`. */
    loss(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        provider: string
        from: string
        to: string
        found: number
        told: number
        loss: number | null
        missed: {
          connection: string
          item: string
        }[]
      })[]
    }>
  }
  incidents: {
    /** What is, or was, wrong with an app or its platform; no connection changes because of it. `GET /v1/incidents`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      open?: string
      integration?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        integration: string
        provider: string
        code: string
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
        says: string
        openedAt: string
        closedAt: string | null
      })[]
      nextCursor: string | null
    }>
  }
  tasks: {
    /** What a person has to do, newest first. `GET /v1/tasks`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      open?: string
      state?: "open" | "snoozed" | "dismissed" | "done"
      kind?: "reconnect" | "grant_permission" | "set_up" | "repair_channel" | "repair_endpoint" | "replay_messages" | "check_numbers" | "check_account" | "prepare_change"
      category?: "connection" | "setup" | "quota"
      priority?: "low" | "normal" | "high"
      connection?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        kind: string
        state: "open" | "snoozed" | "dismissed" | "done"
        connection: string | null
        subject: string | null
        title: string
        description: string
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
        category: string
        priority: string
        impact: number
        dueAt: string | null
        openedAt: string
        snoozedUntil: string | null
        dismissedAt: string | null
        closedAt: string | null
      })[]
      nextCursor: string | null
    }>
    /** One task. `GET /v1/tasks/{id}`, scope `journal:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      kind: string
      state: "open" | "snoozed" | "dismissed" | "done"
      connection: string | null
      subject: string | null
      title: string
      description: string
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
      category: string
      priority: string
      impact: number
      dueAt: string | null
      openedAt: string
      snoozedUntil: string | null
      dismissedAt: string | null
      closedAt: string | null
    }>
    /** Put a task off until a moment. `POST /v1/tasks/{id}/snooze`, scope `connections:write`. */
    snooze(input: {
      id: string
    } & {
      until: string
    }, options?: CallOptions): Promise<{
      id: string
      kind: string
      state: "open" | "snoozed" | "dismissed" | "done"
      connection: string | null
      subject: string | null
      title: string
      description: string
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
      category: string
      priority: string
      impact: number
      dueAt: string | null
      openedAt: string
      snoozedUntil: string | null
      dismissedAt: string | null
      closedAt: string | null
    }>
    /** Turn a task down: nobody is asked again, unless it was done and comes anew. `POST /v1/tasks/{id}/dismiss`, scope `connections:write`. */
    dismiss(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      kind: string
      state: "open" | "snoozed" | "dismissed" | "done"
      connection: string | null
      subject: string | null
      title: string
      description: string
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
      category: string
      priority: string
      impact: number
      dueAt: string | null
      openedAt: string
      snoozedUntil: string | null
      dismissedAt: string | null
      closedAt: string | null
    }>
    /** Take up a task again that was put off or turned down. `POST /v1/tasks/{id}/reopen`, scope `connections:write`. */
    reopen(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      kind: string
      state: "open" | "snoozed" | "dismissed" | "done"
      connection: string | null
      subject: string | null
      title: string
      description: string
      fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
      category: string
      priority: string
      impact: number
      dueAt: string | null
      openedAt: string
      snoozedUntil: string | null
      dismissedAt: string | null
      closedAt: string | null
    }>
  }
  channels: {
    /** Where people are told of tasks. `GET /v1/notification-channels`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        id: string
        name: string
        enabled: boolean
        address: {
          kind: "console"
        } | {
          kind: "email"
          to: string[]
        } | {
          kind: "webhook"
          url: string
        } | {
          kind: "push"
          publicKey: string
          service: string | null
        }
        kinds: string[] | null
        quiet: {
          zone: string
          from: string
          to: string
          highPasses: boolean
        } | null
        failingSince: string | null
        failingSays: string | null
        createdAt: string
      })[]
    }>
    /** Make a channel. The answer holds a webhook’s secret, once; one for a device is off until it has joined. `POST /v1/notification-channels`, scope `setup:write`. */
    create(input: {
      name: string
      address: {
        kind: "console"
      } | {
        kind: "email"
        to: string[]
      } | {
        kind: "webhook"
        url: string
      } | {
        kind: "push"
      }
      enabled?: boolean
      kinds?: ("reconnect" | "grant_permission" | "set_up" | "repair_channel" | "repair_endpoint" | "replay_messages" | "check_numbers" | "check_account" | "prepare_change")[] | null
      quiet?: {
        zone: string
        from: string
        to: string
        highPasses: boolean
      } | null
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      enabled: boolean
      address: {
        kind: "console"
      } | {
        kind: "email"
        to: string[]
      } | {
        kind: "webhook"
        url: string
      } | {
        kind: "push"
        publicKey: string
        service: string | null
      }
      kinds: string[] | null
      quiet: {
        zone: string
        from: string
        to: string
        highPasses: boolean
      } | null
      failingSince: string | null
      failingSays: string | null
      createdAt: string
      secret: string | null
    }>
    /** Change a channel; what is left out stays as it is. `PATCH /v1/notification-channels/{id}`, scope `setup:write`. */
    change(input: {
      id: string
    } & {
      name?: string
      address?: {
        kind: "console"
      } | {
        kind: "email"
        to: string[]
      } | {
        kind: "webhook"
        url: string
      } | {
        kind: "push"
      }
      enabled?: boolean
      kinds?: ("reconnect" | "grant_permission" | "set_up" | "repair_channel" | "repair_endpoint" | "replay_messages" | "check_numbers" | "check_account" | "prepare_change")[] | null
      quiet?: {
        zone: string
        from: string
        to: string
        highPasses: boolean
      } | null
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      enabled: boolean
      address: {
        kind: "console"
      } | {
        kind: "email"
        to: string[]
      } | {
        kind: "webhook"
        url: string
      } | {
        kind: "push"
        publicKey: string
        service: string | null
      }
      kinds: string[] | null
      quiet: {
        zone: string
        from: string
        to: string
        highPasses: boolean
      } | null
      failingSince: string | null
      failingSays: string | null
      createdAt: string
    }>
    /** A device joins the channel that was made for it: what its browser’s `subscribe` answered. `POST /v1/notification-channels/{id}/join`, scope `setup:write`. */
    join(input: {
      id: string
    } & {
      endpoint: string
      keys: {
        p256dh: string
        auth: string
      }
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      enabled: boolean
      address: {
        kind: "console"
      } | {
        kind: "email"
        to: string[]
      } | {
        kind: "webhook"
        url: string
      } | {
        kind: "push"
        publicKey: string
        service: string | null
      }
      kinds: string[] | null
      quiet: {
        zone: string
        from: string
        to: string
        highPasses: boolean
      } | null
      failingSince: string | null
      failingSays: string | null
      createdAt: string
    }>
    /** Take a channel away, with what it told and what it has not told yet. `DELETE /v1/notification-channels/{id}`, scope `setup:write`. */
    remove(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
    }>
    /** Send a letter that says it is a test, now, whatever the hour. `POST /v1/notification-channels/{id}/test`, scope `setup:write`. */
    test(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      works: boolean
      says: string | null
    }>
  }
  notices: {
    /** What the console told, newest first, and how much of it nobody has looked at. `GET /v1/notices`, scope `journal:read`. */
    list(input?: {
      limit?: number
      cursor?: string
      unread?: string
    }, options?: CallOptions): Promise<{
      data: ({
        id: string
        task: {
          id: string
          kind: string
          state: "open" | "snoozed" | "dismissed" | "done"
          connection: string | null
          subject: string | null
          title: string
          description: string
          fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
          category: string
          priority: string
          impact: number
          dueAt: string | null
          openedAt: string
          snoozedUntil: string | null
          dismissedAt: string | null
          closedAt: string | null
        }
        sentAt: string | null
        readAt: string | null
      })[]
      nextCursor: string | null
      unread: number
    }>
    /** Mark as read what the console told; all of it, when nothing is named. `POST /v1/notices/read`, scope `connections:write`. */
    read(input?: {
      ids?: string[]
    }, options?: CallOptions): Promise<{
      read: number
      unread: number
    }>
  }
  kpis: {
    /** The numbers by which this server is judged, counted anew from its history; the last 28 days when no window is given. `GET /v1/kpis`, scope `journal:read`. */
    read(input?: {
      from?: string
      to?: string
      provider?: string
    }, options?: CallOptions): Promise<{
      from: string
      to: string
      data: ({
        id: string
        name: string
        says: string
        unit: string
        target: {
          atLeast: number | null
          atMost: number | null
        }
        notMeasured: string | null
        overall: {
          value: number | null
          met: boolean | null
          whyNone: string | null
          numerator: number
          denominator: number
          excluded: {
            reason: string
            count: number
          }[]
          details: Record<string, number | null>
        }
        providers: Record<string, {
          value: number | null
          met: boolean | null
          whyNone: string | null
          numerator: number
          denominator: number
          excluded: {
            reason: string
            count: number
          }[]
          details: Record<string, number | null>
        }>
      })[]
    }>
  }
  environments: {
    /** The environments of this workspace, and which one this caller is in. `GET /v1/environments`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: {
        id: string
        workspace: string
        mode: string
        current: boolean
      }[]
    }>
  }
  providers: {
    /** Every platform that can be connected, with its forms, streams, actions and quotas. `GET /v1/providers`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        id: string
        custom: boolean
        name: string
        category: string
        summary: string
        docs: string
        preflight: string[]
        auth: {
          scheme: string
          fields: ({
            name: string
            label: string
            help: string | null
            secret: boolean
            required: boolean
            placeholder: string | null
            choices: string[] | null
            initial: string | null
          })[]
        }
        settings: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        inputs: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        streams: {
          id: string
          summary: string
          every: string
          headline: boolean
          scopes: string[]
          metrics: string[]
          batch: number
        }[]
        actions: {
          id: string
          summary: string
          input: Record<string, unknown>
          example: unknown
        }[]
        quotas: {
          id: string
          per: string
          limit: number
          window: string
          unit: string
          source: string
        }[]
        notOffered: Record<string, string>
      })[]
    }>
    /** The JSON Schema of a definition, for editors and checks (draft 2020-12). `GET /v1/providers/schema`, scope `setup:read`. */
    schema(input?: Record<string, never>, options?: CallOptions): Promise<Response>
    /** Register a platform of your own by its definition, or replace it. Connections stay. `POST /v1/providers`, scope `setup:write`. */
    register(input?: Record<string, unknown>, options?: CallOptions): Promise<{
      provider: {
        id: string
        custom: boolean
        name: string
        category: string
        summary: string
        docs: string
        preflight: string[]
        auth: {
          scheme: string
          fields: ({
            name: string
            label: string
            help: string | null
            secret: boolean
            required: boolean
            placeholder: string | null
            choices: string[] | null
            initial: string | null
          })[]
        }
        settings: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        inputs: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        streams: {
          id: string
          summary: string
          every: string
          headline: boolean
          scopes: string[]
          metrics: string[]
          batch: number
        }[]
        actions: {
          id: string
          summary: string
          input: Record<string, unknown>
          example: unknown
        }[]
        quotas: {
          id: string
          per: string
          limit: number
          window: string
          unit: string
          source: string
        }[]
        notOffered: Record<string, string>
      }
      version: number
      narrows: string[]
      remarks: {
        field: string
        says: string
      }[]
    }>
    /** One platform, with its definition when it is one of your own. `GET /v1/providers/{id}`, scope `setup:read`. */
    read(input: {
      id: string
    }, options?: CallOptions): Promise<{
      provider: {
        id: string
        custom: boolean
        name: string
        category: string
        summary: string
        docs: string
        preflight: string[]
        auth: {
          scheme: string
          fields: ({
            name: string
            label: string
            help: string | null
            secret: boolean
            required: boolean
            placeholder: string | null
            choices: string[] | null
            initial: string | null
          })[]
        }
        settings: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        inputs: ({
          name: string
          label: string
          help: string | null
          secret: boolean
          required: boolean
          placeholder: string | null
          choices: string[] | null
          initial: string | null
        })[]
        streams: {
          id: string
          summary: string
          every: string
          headline: boolean
          scopes: string[]
          metrics: string[]
          batch: number
        }[]
        actions: {
          id: string
          summary: string
          input: Record<string, unknown>
          example: unknown
        }[]
        quotas: {
          id: string
          per: string
          limit: number
          window: string
          unit: string
          source: string
        }[]
        notOffered: Record<string, string>
      }
      definition: {
        version: number
        document: Record<string, unknown>
        createdAt: string
        updatedAt: string
      } | null
    }>
    /** Remove a platform of your own that no connection uses any more. `DELETE /v1/providers/{id}`, scope `setup:write`. */
    remove(input: {
      id: string
    }, options?: CallOptions): Promise<{
      removed: true
    }>
  }
  integrations: {
    /** The provider apps that are set up here. `GET /v1/integrations`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        id: string
        provider: string
        name: string
        clientId: string | null
        hasSecret: boolean
        settings: Record<string, string>
        scopes: string[]
        enabled: boolean
        incident: {
          code: string
          says: string
          fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
          since: string
        } | null
        redirectUri: string
        webhooks: {
          url: string
          callbacks: Record<string, string>
        } | null
        createdAt: string
      })[]
    }>
    /** Set up a provider app, or change it. What is left out stays as it is. `PUT /v1/integrations/{id}`, scope `setup:write`. */
    save(input: {
      id: string
    } & {
      provider: string
      name?: string
      clientId?: string
      clientSecret?: string
      settings?: Record<string, string>
      scopes?: string[]
      enabled?: boolean
    }, options?: CallOptions): Promise<{
      id: string
      provider: string
      name: string
      clientId: string | null
      hasSecret: boolean
      settings: Record<string, string>
      scopes: string[]
      enabled: boolean
      incident: {
        code: string
        says: string
        fixedBy: "caller" | "owner" | "operator" | "provider" | "platform" | "time"
        since: string
      } | null
      redirectUri: string
      webhooks: {
        url: string
        callbacks: Record<string, string>
      } | null
      createdAt: string
    }>
  }
  keys: {
    /** API keys, without their text. `GET /v1/keys`, scope `setup:read`. */
    list(input?: Record<string, never>, options?: CallOptions): Promise<{
      data: ({
        id: string
        name: string
        hint: string
        scopes: string[]
        createdAt: string
        expiresAt: string | null
        lastUsedAt: string | null
        revokedAt: string | null
      })[]
    }>
    /** Make an API key. The answer holds its text, once. `POST /v1/keys`, scope `keys:write`. */
    create(input: {
      name: string
      scopes?: string[]
      expiresAt?: string
    }, options?: CallOptions): Promise<{
      id: string
      name: string
      hint: string
      scopes: string[]
      createdAt: string
      expiresAt: string | null
      lastUsedAt: string | null
      revokedAt: string | null
      text: string
    }>
    /** Revoke an API key, at once and for good. `DELETE /v1/keys/{id}`, scope `keys:write`. */
    revoke(input: {
      id: string
    }, options?: CallOptions): Promise<{
      id: string
      revokedAt: string
    }>
  }
  vault: {
    /** Which keys seal the stored secrets, and how far a rotation is. `GET /v1/vault`, scope `vault:read`. */
    status(input?: Record<string, never>, options?: CallOptions): Promise<{
      key: {
        id: string
        state: "settled" | "newer" | "rewrapping" | "settling" | "unreachable"
        older: string[]
        done: number
        total: number
      }
      dataKey: {
        version: number
        createdAt: string | null
        state: "settled" | "resealing" | "settling"
        older: number[]
        olderRetireAt: string | null
        done: number
        total: number
      }
    }>
    /** Begin with a new data key for this environment, and seal every stored secret with it. `POST /v1/vault/rotate-data-keys`, scope `vault:rotate`. */
    rotateDataKeys(input?: Record<string, never>, options?: CallOptions): Promise<{
      key: {
        id: string
        state: "settled" | "newer" | "rewrapping" | "settling" | "unreachable"
        older: string[]
        done: number
        total: number
      }
      dataKey: {
        version: number
        createdAt: string | null
        state: "settled" | "resealing" | "settling"
        older: number[]
        olderRetireAt: string | null
        done: number
        total: number
      }
    }>
    /** Begin with a newer key-encryption key, and wrap the data keys of all environments with it. `POST /v1/vault/rotate-key`, scope `vault:rotate`. */
    rotateKey(input?: Record<string, never>, options?: CallOptions): Promise<{
      key: {
        id: string
        state: "settled" | "newer" | "rewrapping" | "settling" | "unreachable"
        older: string[]
        done: number
        total: number
      }
      dataKey: {
        version: number
        createdAt: string | null
        state: "settled" | "resealing" | "settling"
        older: number[]
        olderRetireAt: string | null
        done: number
        total: number
      }
    }>
  }
}

/** Method and path of each operation, and whether it gives a file instead of JSON. */
export const operations = {
  connectSessions: {
    create: ['POST', '/v1/connect-sessions'],
    read: ['GET', '/v1/connect-sessions/{id}'],
  },
  connections: {
    reconnect: ['POST', '/v1/connections/{id}/reconnect'],
    list: ['GET', '/v1/connections'],
    summary: ['GET', '/v1/connections/summary'],
    read: ['GET', '/v1/connections/{id}'],
    streams: ['GET', '/v1/connections/{id}/streams'],
    transitions: ['GET', '/v1/connections/{id}/transitions'],
    validate: ['POST', '/v1/connections/{id}/validate'],
    validateAll: ['POST', '/v1/connections/validate'],
    pause: ['POST', '/v1/connections/{id}/pause'],
    resume: ['POST', '/v1/connections/{id}/resume'],
    disconnect: ['DELETE', '/v1/connections/{id}'],
    sync: ['POST', '/v1/connections/{id}/sync'],
    refresh: ['POST', '/v1/connections/{id}/refresh'],
    credentials: ['GET', '/v1/connections/{id}/credentials'],
    import: ['POST', '/v1/connections/import'],
    accounts: ['GET', '/v1/connections/{id}/accounts'],
    addAccounts: ['POST', '/v1/connections/{id}/accounts'],
    cadence: ['GET', '/v1/connections/{id}/cadence'],
    chooseCadence: ['PUT', '/v1/connections/{id}/cadence'],
    clearCadence: ['DELETE', '/v1/connections/{id}/cadence'],
    watch: ['GET', '/v1/connections/{id}/watch', 'file'],
    explainStream: ['GET', '/v1/connections/{id}/streams/{stream}/explain'],
  },
  backfills: {
    create: ['POST', '/v1/connections/{id}/backfill'],
    list: ['GET', '/v1/backfills'],
    read: ['GET', '/v1/backfills/{id}'],
    pause: ['POST', '/v1/backfills/{id}/pause'],
    resume: ['POST', '/v1/backfills/{id}/resume'],
    cancel: ['POST', '/v1/backfills/{id}/cancel'],
  },
  profiles: {
    list: ['GET', '/v1/profiles'],
    save: ['PUT', '/v1/profiles/{id}'],
    read: ['GET', '/v1/profiles/{id}'],
    summary: ['GET', '/v1/profiles/{id}/summary'],
    recordings: ['GET', '/v1/profiles/{id}/recordings'],
    releases: ['GET', '/v1/profiles/{id}/releases'],
  },
  metrics: {
    query: ['GET', '/v1/metrics'],
    totals: ['GET', '/v1/metrics/totals'],
    definitions: ['GET', '/v1/metrics/definitions'],
    availability: ['GET', '/v1/metrics/availability'],
    explain: ['GET', '/v1/metrics/explain'],
    revisions: ['GET', '/v1/metrics/revisions'],
    export: ['GET', '/v1/metrics/export', 'file'],
  },
  identity: {
    list: ['GET', '/v1/profiles/{id}/identity'],
    check: ['POST', '/v1/profiles/{id}/identity/check'],
    decide: ['PUT', '/v1/profiles/{id}/identity'],
  },
  items: {
    list: ['GET', '/v1/items'],
  },
  audiences: {
    list: ['GET', '/v1/audiences'],
  },
  records: {
    list: ['GET', '/v1/records/{kind}'],
  },
  actions: {
    run: ['POST', '/v1/actions/{provider}/{action}'],
  },
  quotas: {
    list: ['GET', '/v1/quotas'],
    forecast: ['GET', '/v1/quotas/forecast'],
    capacity: ['GET', '/v1/quotas/capacity'],
  },
  runs: {
    list: ['GET', '/v1/runs'],
  },
  calls: {
    list: ['GET', '/v1/calls'],
  },
  events: {
    list: ['GET', '/v1/events'],
  },
  audit: {
    list: ['GET', '/v1/audit'],
  },
  messages: {
    list: ['GET', '/v1/messages'],
    get: ['GET', '/v1/messages/{id}'],
    replay: ['POST', '/v1/messages/replay'],
  },
  eventTypes: {
    list: ['GET', '/v1/event-types'],
  },
  endpoints: {
    list: ['GET', '/v1/endpoints'],
    create: ['POST', '/v1/endpoints'],
    read: ['GET', '/v1/endpoints/{id}'],
    change: ['PATCH', '/v1/endpoints/{id}'],
    remove: ['DELETE', '/v1/endpoints/{id}'],
    rotate: ['POST', '/v1/endpoints/{id}/rotate'],
    test: ['POST', '/v1/endpoints/{id}/test'],
    recover: ['POST', '/v1/endpoints/{id}/recover'],
  },
  deliveries: {
    list: ['GET', '/v1/deliveries'],
    resend: ['POST', '/v1/deliveries/{id}/resend'],
  },
  subscriptions: {
    list: ['GET', '/v1/subscriptions'],
    fix: ['POST', '/v1/subscriptions/fix'],
    loss: ['GET', '/v1/subscriptions/loss'],
  },
  incidents: {
    list: ['GET', '/v1/incidents'],
  },
  tasks: {
    list: ['GET', '/v1/tasks'],
    read: ['GET', '/v1/tasks/{id}'],
    snooze: ['POST', '/v1/tasks/{id}/snooze'],
    dismiss: ['POST', '/v1/tasks/{id}/dismiss'],
    reopen: ['POST', '/v1/tasks/{id}/reopen'],
  },
  channels: {
    list: ['GET', '/v1/notification-channels'],
    create: ['POST', '/v1/notification-channels'],
    change: ['PATCH', '/v1/notification-channels/{id}'],
    join: ['POST', '/v1/notification-channels/{id}/join'],
    remove: ['DELETE', '/v1/notification-channels/{id}'],
    test: ['POST', '/v1/notification-channels/{id}/test'],
  },
  notices: {
    list: ['GET', '/v1/notices'],
    read: ['POST', '/v1/notices/read'],
  },
  kpis: {
    read: ['GET', '/v1/kpis'],
  },
  environments: {
    list: ['GET', '/v1/environments'],
  },
  providers: {
    list: ['GET', '/v1/providers'],
    schema: ['GET', '/v1/providers/schema', 'file'],
    register: ['POST', '/v1/providers'],
    read: ['GET', '/v1/providers/{id}'],
    remove: ['DELETE', '/v1/providers/{id}'],
  },
  integrations: {
    list: ['GET', '/v1/integrations'],
    save: ['PUT', '/v1/integrations/{id}'],
  },
  keys: {
    list: ['GET', '/v1/keys'],
    create: ['POST', '/v1/keys'],
    revoke: ['DELETE', '/v1/keys/{id}'],
  },
  vault: {
    status: ['GET', '/v1/vault'],
    rotateDataKeys: ['POST', '/v1/vault/rotate-data-keys'],
    rotateKey: ['POST', '/v1/vault/rotate-key'],
  },
} as const satisfies Record<string, Record<string, readonly [method: string, path: string, gives?: 'file']>>
