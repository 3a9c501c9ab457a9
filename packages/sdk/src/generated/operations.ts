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
        dueAt: string
        lane: string
        failures: number
        blocked: string | null
        lastEndedAt: string | null
        lastFault: string | null
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
      kind?: "reconnect" | "grant_permission" | "set_up" | "repair_channel"
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
      kinds?: ("reconnect" | "grant_permission" | "set_up" | "repair_channel")[] | null
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
      kinds?: ("reconnect" | "grant_permission" | "set_up" | "repair_channel")[] | null
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
  },
  profiles: {
    list: ['GET', '/v1/profiles'],
    save: ['PUT', '/v1/profiles/{id}'],
    read: ['GET', '/v1/profiles/{id}'],
    summary: ['GET', '/v1/profiles/{id}/summary'],
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
  items: {
    list: ['GET', '/v1/items'],
  },
  audiences: {
    list: ['GET', '/v1/audiences'],
  },
  actions: {
    run: ['POST', '/v1/actions/{provider}/{action}'],
  },
  quotas: {
    list: ['GET', '/v1/quotas'],
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
