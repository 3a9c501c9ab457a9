import type { EventRecord } from '../../ports/journal.ts'

/** An event as applications get it. */
export const eventJson = ({
  id,
  type,
  at,
  environmentId,
  connectionId,
  profileId,
  data,
}: Omit<EventRecord, 'sequence'>) => ({
  ...{ id, type, timestamp: new Date(at).toISOString(), environment: environmentId },
  ...{ connection: connectionId, profile: profileId, data: { ...data } },
})

/** The body of a delivery: the same text at every try. */
export const eventBody = (event: Omit<EventRecord, 'sequence'>): string => JSON.stringify(eventJson(event))
