import { second } from '@patchbay/kit'
import type { WebSocket } from 'ws'
import { eventJson } from '../engine/delivery/event-body.ts'
import type { Engine } from '../engine/engine.ts'
import { type EventReader, type EventReaders, type EventWriter, patienceMs } from './event-readers.ts'
import { inTime } from './write-in-time.ts'

/**
 * Nothing is read from a socket but pings and its end, so hardly anything has to fit in. Pings are answered by hand, and compression would keep memory for
 * each reader. One that does not answer a close is not waited for longer than a stop takes.
 */
export const socketOptions = { maxPayload: 1024, perMessageDeflate: false, autoPong: false, closeTimeout: 5 * second }

/**
 * Writes events to a WebSocket until it closes: one message each, `{ place, event }`, and `{ place }` at the beginning and where nothing happened for a
 * while. It closes with 1008 when its reader may not read any more, with 1003 when it says something itself, and with 1001 when this process stops; what
 * breaks in between, or is not read, ends without a word, as a connection does.
 */
export async function tellSocket(
  { deps: { clock, log } }: Pick<Engine, 'deps'>,
  readers: EventReaders,
  reader: EventReader,
  socket: WebSocket,
): Promise<void> {
  const { request, environmentId, leave } = reader
  const gone = new AbortController()
  socket.once('close', () => gone.abort('the reader went away'))
  // A close follows.
  socket.on('error', () => {})
  socket.once('message', () => {
    socket.close(1003, 'This stream is only read.')
    gone.abort('the reader spoke')
  })
  // Whoever asks without reading the answers is answered no more than there is room for.
  socket.on('ping', (data) => {
    if (socket.bufferedAmount === 0 && socket.readyState === socket.OPEN) socket.pong(data)
  })
  const send = async (texts: readonly string[]) => {
    gone.signal.throwIfAborted()
    const sent = texts.map((text) => new Promise<void>((resolve) => socket.send(text, () => resolve())))
    await inTime(Promise.all(sent), { clock, patienceMs, signal: gone.signal })
  }
  try {
    const why = await readers.tell(reader, messagesInto(send), gone.signal)
    if (why === 'refused') socket.close(1008, 'Who reads may not read any more.')
    else closeAtStop(socket)
  } catch (error) {
    if (gone.signal.aborted) return
    log.warn('api.stream_broken', { requestId: request.id, environmentId, error })
    socket.terminate()
  } finally {
    leave()
  }
}

/** A reader who waits for something to happen is told so by whoever closes the server. Where it is closing already, nothing more is said. */
export const closeAtStop = (socket: WebSocket): void => socket.close(1001, 'This server stops. Come back.')

const messagesInto = (send: (texts: readonly string[]) => Promise<void>): EventWriter => ({
  begins: (place) => send([messageOf(place)]),
  events: (events) => send(events.map((event) => messageOf(event.position, eventJson(event)))),
  stillHere: (place) => send([messageOf(place)]),
})

/** A place is a text, as in the other stream and in the SDK. */
const messageOf = (place: number, event?: object) => JSON.stringify({ place: String(place), event })
