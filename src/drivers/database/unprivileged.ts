import { execFile } from 'node:child_process'
import { lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** A way to run a program as somebody whom PostgreSQL accepts. */
export interface Runner {
  /** `as this user`, `as user postgres`, … for the log. */
  name: string
  /** Who must own the files; `undefined` leaves them as they are. */
  owner?: { uid: number; gid: number }
  /** Set where the operating system's own call does it, without a program in between. */
  user?: { uid: number; gid: number }
  command(program: string, parameters: string[]): [program: string, parameters: string[]]
}

/**
 * PostgreSQL refuses to run as root. An ordinary user runs it as itself. Root tries, in this order, and takes the first way in
 * which the program starts and can write to `directory`:
 *
 * 1. an unprivileged user of this machine, who then owns the directory: the least power;
 * 2. a user namespace, in which root goes by another number: for a folder that no such user can reach, like one under /root;
 * 3. an unprivileged user who keeps the right to pass through folders: for containers, where namespaces are often forbidden.
 *
 * Returns it with what `postgres --version` said.
 */
export async function chooseRunner(
  directory: string,
  postgres: string,
): Promise<{ runner: Runner; versionText: string }> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const failures: string[] = []
  for (const runner of candidates(directory)) {
    try {
      if (runner.owner) lchownSync(directory, runner.owner.uid, runner.owner.gid)
      const probe = 'cd "$1" && test -r . -a -w . && exec "$0" --version'
      const { stdout } = await run(runner, '/bin/sh', ['-c', probe, postgres, directory])
      if (runner.owner) for (const name of readdirSync(directory)) giveAll(join(directory, name), runner.owner)
      return { runner, versionText: stdout.trim() }
    } catch (error) {
      failures.push(`- ${runner.name}: ${reason(error)}`)
    }
  }
  throw new Error(
    [
      `PostgreSQL (${postgres}) could not be run with its data in ${directory}. Tried:`,
      ...failures,
      'Start Patchbay as the user who owns the folder, or set DATABASE_URL to a PostgreSQL server, version 15 or later.',
    ].join('\n'),
  )
}

/** Runs a program to its end. The environment is not handed on: the server's may hold keys, and PostgreSQL needs none of it. */
export async function run(runner: Runner, program: string, parameters: string[]): Promise<{ stdout: string }> {
  const [file, rest] = runner.command(program, parameters)
  return promisify(execFile)(file, rest, { cwd: '/', env: bareEnvironment, ...runner.user })
}

export const bareEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }

function candidates(directory: string): Runner[] {
  if (process.getuid?.() !== 0) return [{ name: 'as this user', command: asItIs }]
  const users = unprivilegedUsers(directory)
  // PostgreSQL asks the system for the name behind its number, so inside the namespace too it has to be a known one.
  const someone = users[0]?.uid ?? 65534
  return [
    ...users.map(
      ({ name, uid, gid }): Runner => ({
        name: `as user ${name}`,
        owner: { uid, gid },
        user: { uid, gid },
        command: asItIs,
      }),
    ),
    {
      name: 'in a user namespace',
      owner: { uid: 0, gid: 0 },
      command: (program, parameters) => ['unshare', ['--user', `--map-user=${someone}`, program, ...parameters]],
    },
    ...users.slice(0, 1).map(
      ({ name, uid, gid }): Runner => ({
        name: `as user ${name} with passage through folders`,
        owner: { uid, gid },
        command: (program, parameters) => [
          'setpriv',
          [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...passage, program, ...parameters],
        ],
      }),
    ),
  ]
}

/** The last one keeps the kernel from dropping the right again inside access(2), which PostgreSQL asks about its own program. */
const passage = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup']

function asItIs(program: string, parameters: string[]): [string, string[]] {
  return [program, parameters]
}

/** Whoever owns the files or the folder around them comes first, so that a clone stays its owner's after root has run it. */
function unprivilegedUsers(directory: string): { name: string; uid: number; gid: number }[] {
  const known = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map((fields) => ({ name: fields[0]!, uid: Number(fields[2]), gid: Number(fields[3]) }))
    .filter(({ uid }) => uid > 0)
  const owners = [directory, dirname(directory)].map((path) => statSync(path).uid)
  const wanted = [
    ...owners.map((owner) => known.find(({ uid }) => uid === owner)),
    ...['postgres', '_postgres', 'nobody'].map((wantedName) => known.find(({ name }) => name === wantedName)),
  ]
  return [...new Set(wanted.filter((user) => user !== undefined))]
}

/** A folder changes hands after what is in it, so one that has the right owner needs no second look, and a broken-off walk is taken up again. */
function giveAll(path: string, owner: { uid: number; gid: number }): void {
  const status = lstatSync(path)
  if (status.uid === owner.uid) return
  if (status.isDirectory()) for (const name of readdirSync(path)) giveAll(join(path, name), owner)
  lchownSync(path, owner.uid, owner.gid)
}

function reason(error: unknown): string {
  const { stderr, message, code } = error as { stderr?: string; message: string; code?: unknown }
  if (code === 'ENOENT') return 'the program to do so is not installed'
  return stderr?.trim().split('\n').at(-1) || message.split('\n')[0]!
}
