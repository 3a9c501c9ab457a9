/** The client for applications that use Patchbay. */
export { type CallOptions, type Client, type ClientOptions, openPatchbay } from './client.ts'
export type { EventData } from './generated/events.ts'
export type { Operations } from './generated/operations.ts'
export { isFault, PatchbayError, type Problem } from './problem.ts'
export { type ReadEventsOptions, readEvents, type StreamedEvent } from './read-events.ts'
export { type EventHeaders, type PatchbayEvent, UnverifiedEvent, verifyEvent } from './verify-event.ts'
