import { type Messenger, NotDelivered } from '../../ports/messenger.ts'

export interface MailServer {
  /** `smtps://user:password@mail.example.com:465` or `smtp://…:587`, which then must offer TLS unless it is on this machine. */
  readonly url: string
  /** `Patchbay <patchbay@example.com>`. */
  readonly from: string
}

/** Letters as plain e-mail over SMTP. Without a server every letter fails with what to set. */
export function openEmailMessenger(server: MailServer | null): Messenger & { close(): Promise<void> } {
  if (server === null) return { deliver: () => Promise.reject(new NotDelivered(notSetUp)), close: async () => {} }
  const { hostname } = new URL(server.url)
  const domain = /@([^\s>]+)>?$/.exec(server.from)?.[1] ?? hostname
  // The library is loaded with the first letter: a server that sends none starts without it.
  let opening: ReturnType<typeof openTransport> | null = null

  return {
    async deliver(letter, address, _secret, signal) {
      if (address.kind !== 'email') throw new NotDelivered('This is not an e-mail address.')
      opening ??= openTransport(server)
      const transport = await opening
      const sent = transport.sendMail({
        to: [...address.to],
        subject: letter.subject.replace(/\s+/g, ' '),
        text: letter.text,
        // Mail programs show one message once by this.
        messageId: `<${letter.id}@${domain}>`,
        headers: { 'auto-submitted': 'auto-generated' },
      })
      const { rejected } = await orGivenUp(sent, signal).catch((error: unknown) => {
        throw new NotDelivered(saysOf(error, hostname))
      })
      return rejected.length === 0 ? null : `Not taken for ${rejected.join(', ')}.`
    },

    async close() {
      const transport = await opening
      transport?.close()
    },
  }
}

async function openTransport({ url, from }: MailServer) {
  const { createTransport } = await import('nodemailer')
  const { hostname, protocol } = new URL(url)
  return createTransport(
    {
      url,
      pool: true,
      maxConnections: 2,
      // Passwords and people's names do not cross a network in the clear.
      requireTLS: protocol === 'smtp:' && !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname),
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 15_000,
      dnsTimeout: 10_000,
      // A letter is its text: nothing in it names a file or an address to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
}

const notSetUp = 'E-mail is not set up: set PATCHBAY_SMTP_URL and PATCHBAY_MAIL_FROM, and restart the server.'

/** The library cannot be told to stop; what it still does has the same message id as the next try. */
function orGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new GivenUp())
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

class GivenUp extends Error {}

/** Not the library's own words, which quote what was said on the wire, sign-in included. */
function saysOf(error: unknown, host: string): string {
  if (error instanceof GivenUp) return `The mail server ${host} took too long.`
  const { code, responseCode } = error as { code?: string; responseCode?: number }
  if (code === 'EAUTH') return `The mail server ${host} does not accept the name and password of PATCHBAY_SMTP_URL.`
  if (code === 'ETLS') return `The mail server ${host} offers no TLS, or not one that can be trusted.`
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return `The mail server ${host} refused the letter${responseCode ? ` (${responseCode})` : ''}.`
  return `The mail server ${host} was not reached${code ? ` (${code})` : ''}.`
}
