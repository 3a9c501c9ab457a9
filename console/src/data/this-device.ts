import type { Client, Operations } from '@patchbay/sdk'
import { DeviceRefuses } from '../words/problems.ts'

type Wish = Parameters<Operations['channels']['create']>[0]

/** Why this browser is told of nothing while no page is open; null when it can be. */
export function whyNotHere(): string | null {
  const missing = whatIsMissing()
  if (missing !== null || Notification.permission !== 'denied') return missing
  return 'Notifications of this site are blocked in this browser: allow them in its settings.'
}

function whatIsMissing(): string | null {
  if (!window.isSecureContext) return 'A browser takes notifications only from an https address, or from this machine.'
  if ('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) return null
  return 'This browser takes no notifications. On an iPhone or iPad, add the console to the home screen and open it there.'
}

/** Makes a channel that leads to this browser. Nothing is left of it when its owner, or the browser, says no. */
export async function joinHere(client: Client, wish: Wish): Promise<void> {
  const missing = whatIsMissing()
  if (missing !== null) throw new DeviceRefuses(missing)
  if ((await Notification.requestPermission()) !== 'granted')
    throw new DeviceRefuses('Notifications were not allowed. Nothing was made.')
  const { id, address } = await client.channels.create(wish)
  try {
    if (address.kind !== 'push') throw new Error(`a channel of the kind ${address.kind} was made`)
    const worker = await navigator.serviceWorker.register('/console/push-worker.js', { scope: scopeOf(id) })
    await activated(worker)
    const { endpoint, keys } = await subscribe(worker, address.publicKey)
    await client.channels.join({ id, endpoint, keys })
  } catch (error) {
    await Promise.allSettled([leaveHere(id), client.channels.remove({ id })])
    throw error
  }
}

/** Ends what this browser has of a channel; nothing when it is another device's. */
export async function leaveHere(id: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const worker = await navigator.serviceWorker.getRegistration(scopeOf(id))
  // Without one of its own, it would be that of the page.
  if (worker?.scope.endsWith(scopeOf(id))) await worker.unregister()
}

/** A registration each, since a registration has one subscription, and each channel its own key. */
const scopeOf = (id: string) => `/console/push/${id}/`

async function subscribe(worker: ServiceWorkerRegistration, applicationServerKey: string) {
  const subscription = await worker.pushManager
    .subscribe({ userVisibleOnly: true, applicationServerKey })
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      throw new DeviceRefuses(`The browser’s push service did not take it: ${why}`)
    })
  const { endpoint, keys } = subscription.toJSON()
  if (!endpoint || !keys?.p256dh || !keys.auth) throw new DeviceRefuses('The browser’s push service gave no address.')
  return { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }
}

/** A worker that is not active yet has no push manager to ask. */
async function activated({ installing, waiting }: ServiceWorkerRegistration): Promise<void> {
  const worker = installing ?? waiting
  if (!worker) return
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') resolve()
      if (worker.state === 'redundant') reject(new DeviceRefuses('The browser did not start what shows notifications.'))
    }
    worker.addEventListener('statechange', look)
    look()
  })
}
