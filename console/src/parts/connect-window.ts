import { connectAddress } from '../address/safe-address.ts'

const name = 'patchbay-connect'
const channel = 'patchbay.connect'

/**
 * The window in which somebody consents. It is opened at the click, because browsers block one that opens later, and gets its address when the
 * server has made it. Where it is blocked, the same tab goes there and comes back.
 */
export function openConnectWindow(): { go(url: string): void; cancel(): void; readonly isWindow: boolean } {
  const width = Math.min(560, screen.availWidth)
  const height = Math.min(760, screen.availHeight)
  const opened = window.open('about:blank', name, `popup,width=${width},height=${height}`)
  return {
    isWindow: opened !== null,
    go(url) {
      const address = connectAddress(url, location.href)
      if (address === null) throw new Error('The server gave an address that cannot be opened.')
      if (opened && !opened.closed) opened.location.href = address
      else location.assign(address)
    },
    cancel: () => opened?.close(),
  }
}

/** In that window, at its end: tells the page that opened it, and closes. False when this is an ordinary tab. */
export function endConnectWindow(): boolean {
  if (window.name !== name) return false
  const telling = new BroadcastChannel(channel)
  telling.postMessage('back')
  telling.close()
  window.close()
  return true
}

/** Calls back when the consent window came back. The window's opener may have been cut by the provider's page, so it is no window that talks. */
export function onConnectWindowEnd(listener: () => void): () => void {
  const listening = new BroadcastChannel(channel)
  listening.addEventListener('message', listener)
  return () => listening.close()
}
