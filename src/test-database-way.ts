import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

export type DatabaseWay = Awaited<ReturnType<typeof openDatabaseWay>>

/** A way to a database that can be cut: whoever goes it meets what a restart or a failover is, while the database itself goes on for everybody else. */
export async function openDatabaseWay(databaseUrl: string) {
  const url = new URL(databaseUrl)
  const folder = url.searchParams.get('host')
  const port = url.searchParams.get('port') ?? (url.port || '5432')
  const reach = () =>
    folder?.startsWith('/') ? connect(join(folder, `.s.PGSQL.${port}`)) : connect(Number(port), folder ?? url.hostname)
  const open = new Set<Socket>()
  let cut = false
  const listener = createServer((near) => {
    if (cut) return void near.destroy()
    const far = reach()
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const own = new URL(databaseUrl)
  own.searchParams.delete('host')
  own.searchParams.delete('port')
  own.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`
  const breakAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: own.href,
    /** Breaks what is open and lets nobody through any more. */
    cut() {
      cut = true
      breakAll()
    },
    mend() {
      cut = false
    },
    async close() {
      breakAll()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
