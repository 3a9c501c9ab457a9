import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  findPort,
  isReady,
  type Running,
  type SandboxProcess,
  type Stage,
  startSandboxProcess,
} from './test-processes.ts'

export interface Member {
  readonly url: string
  readonly dataDir: string
  readonly process: Running
}

/** Processes on one database, each with roles of its own, before one pretend internet. */
export interface Cluster {
  readonly sandbox: SandboxProcess
  /** What all of them are told. */
  readonly env: Readonly<Record<string, string>>
  /** Starts one, without waiting for it. `program`: another version's. */
  start(
    name: string,
    roles: string,
    more?: {
      readonly options?: readonly string[]
      readonly program?: string
      readonly env?: Readonly<Record<string, string>>
    },
  ): Promise<Member>
  ready(member: Member): Promise<void>
}

export async function openCluster(stage: Stage, databaseUrl: string): Promise<Cluster> {
  const sandbox = await startSandboxProcess(stage, { artists: 1, seed: 'harbor' })
  const env = {
    DATABASE_URL: databaseUrl,
    PATCHBAY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    PATCHBAY_SANDBOX_URL: sandbox.url,
  }
  return {
    sandbox,
    env,
    async start(name, roles, { options = [], program, env: more = {} } = {}) {
      const port = await findPort()
      const dataDir = join(stage.folder, name)
      const own = { PORT: String(port), PATCHBAY_DATA_DIR: dataDir, PATCHBAY_ROLES: roles }
      const process = stage.start(name, ['start', ...options], { ...env, ...own, ...more }, program)
      return { url: `http://127.0.0.1:${port}`, dataDir, process }
    },
    async ready({ url, process }) {
      await stage.until(url, process, () => isReady(url))
    },
  }
}
