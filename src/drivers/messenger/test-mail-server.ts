import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  /** What stands before the @ of its message id. */
  readonly id: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** A mail server on loopback, with or without a password, and without TLS. Keeps what it takes. */
export async function openMailServer(
  options: { user?: string; password?: string; refuseAddress?: string; port?: number } = {},
) {
  const mails: ReceivedMail[] = []
  let refusal: string | null = null
  const { user, password } = options
  const server = new SMTPServer({
    disabledCommands: user === undefined ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
    authOptional: user === undefined,
    allowInsecureAuth: true,
    logger: false,
    closeTimeout: 10,
    onAuth(auth, _session, done) {
      const right = auth.username === user && auth.password === password
      done(
        right ? null : new Error(`wrong: ${auth.username} ${auth.password}`),
        right ? { user: auth.username } : undefined,
      )
    },
    onRcptTo(address, _session, done) {
      done(address.address === options.refuseAddress ? new Error('nobody of that name') : null)
    },
    onData(stream, session, done) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        if (refusal !== null) return done(Object.assign(new Error(refusal), { responseCode: 550 }))
        const to = session.envelope.rcptTo.map(({ address }) => address)
        mails.push(readMail(Buffer.concat(pieces).toString('utf8'), to))
        done(null)
      })
    },
  })
  server.on('error', () => {})
  server.listen(options.port ?? 0, '0.0.0.0')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    received: () => mails,
    refuse: (says: string | null) => {
      refusal = says
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** As much of MIME as our letters use: folded headers, encoded words, one text in one of three encodings. */
function readMail(raw: string, to: readonly string[]): ReceivedMail {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  const headers = Object.fromEntries(
    head
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return {
    id: /^<([^@]+)@/.exec(headers['message-id'] ?? '')?.[1] ?? '',
    to,
    subject: decodeWords(headers.subject ?? ''),
    text: decodeBody(body, headers['content-transfer-encoding'] ?? '7bit').replaceAll('\r\n', '\n'),
    headers,
  }
}

function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) => {
      if (kind.toLowerCase() === 'b') return Buffer.from(word, 'base64').toString('utf8')
      return decodeQuoted(word.replaceAll('_', ' '))
    })
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  return encoding === 'quoted-printable' ? decodeQuoted(body.replace(/=\r\n/g, '')) : body
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
