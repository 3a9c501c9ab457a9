import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { allRoles, readClientConfig, readConfig } from './config.ts'
import { tokenRequestMs } from './engine/connect/send-token-request.ts'
import { refusals } from './engine/inbox/answer-counts.ts'
import { usualStopMs } from './engine/sync/planner.ts'
import { closeMs } from './start-server.ts'
import { providers, startTestServer, type TestServer } from './test-server.ts'

/** What is in `deploy/` is held against what the server really reads, serves and takes, because nothing else here runs it. */

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const json = (path: string) => JSON.parse(read(path))
const packageJson = json('package.json')

// biome-ignore lint/suspicious/noExplicitAny: documents of other people's schemas, which their own tools check.
type Document = any

const compose: Document = parse(read('deploy/compose.yaml'), { merge: true })
const manifests: { path: string; document: Document }[] = globSync('deploy/kubernetes/**/*.yaml', { cwd: root })
  .sort()
  .flatMap((path) =>
    parseAllDocuments(read(path)).map((parsed) => {
      assert.deepEqual(parsed.errors, [], path)
      return { path, document: parsed.toJS() }
    }),
  )
const ofKind = (kind: string): Document[] =>
  manifests.flatMap(({ document }) => (document.kind === kind ? document : []))
const deployments = ofKind('Deployment')
const containerOf = (deployment: Document): Document => deployment.spec.template.spec.containers[0]
const dockerfile = read('deploy/Dockerfile')

/** Of compose, those that run our image. */
const ours: [string, Document][] = Object.entries<Document>(compose.services).filter(([, { build }]) => build)

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

test('every YAML file of deploy/ can be read', () => {
  const files = globSync('deploy/**/*.yaml', { cwd: root })
  assert.ok(files.length >= 16, `found ${files.length} only`)
  for (const path of files)
    for (const document of parseAllDocuments(read(path))) assert.deepEqual([path, document.errors], [path, []])
})

test('deploy/ sets only variables that the server reads, and those that a process apart cannot do without', () => {
  const known = variablesOfTheServer()
  assert.ok(known.has('DATABASE_URL') && known.has('SPOTIFY_CLIENT_ID') && known.has('PATCHBAY_KMS_TOKEN_FILE'))
  const processes = [
    ...ours.map(([name, service]) => [`compose ${name}`, Object.keys(service.environment ?? {})] as const),
    ...deployments.map((deployment) => [`kubernetes ${deployment.metadata.name}`, variablesOf(deployment)] as const),
  ]
  assert.equal(processes.length, 6)
  const inImage = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, all]) =>
    all!.split(' ').map((one) => one.split('=')[0]!),
  )
  // Of libraries, and not of ours.
  assert.deepEqual(
    unknownAmong(
      inImage.filter((name) => name !== 'NODE_ENV'),
      known,
    ),
    [],
  )
  for (const [name, variables] of processes) {
    assert.deepEqual([name, unknownAmong(variables, known)], [name, []])
    if (name.endsWith('sandbox')) continue
    for (const needed of [
      'DATABASE_URL',
      'PATCHBAY_ENCRYPTION_KEY',
      'PATCHBAY_PUBLIC_URL',
      'PATCHBAY_SANDBOX_URL',
      'PATCHBAY_ROLES',
    ])
      assert.ok(variables.includes(needed), `${name} does not set ${needed}`)
  }
  // What compose asks the operator for is in the example, and the other way round.
  const asked = new Set([...read('deploy/compose.yaml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name!))
  const given = [...read('deploy/example.env').matchAll(/^(\w+)=/gm)].map(([, name]) => name!)
  assert.deepEqual([...asked].sort(), given.sort())
  assert.deepEqual(unknownAmong(['PATCHBAY_NOTHING'], known), ['PATCHBAY_NOTHING'])
})

test('what deploy/ sets is a configuration that the server takes', () => {
  const settings = Object.fromEntries(providers.map(({ id, settings }) => [id, Object.keys(settings ?? {})]))
  const filled = {
    POSTGRES_PASSWORD: 'abc',
    PATCHBAY_ENCRYPTION_KEY: '5a'.repeat(32),
    PATCHBAY_PUBLIC_URL: 'http://127.0.0.1:4410',
  }
  for (const [name, service] of ours) {
    const env = {
      HOST: '0.0.0.0',
      PORT: '4400',
      ...mapValues(service.environment ?? {}, (text) => interpolate(text, filled)),
    }
    const config = readConfig(env, { cwd: root, settings })
    assert.deepEqual([...config.roles], name === 'sandbox' ? [...allRoles] : [name])
    if (name !== 'sandbox') assert.equal(config.databaseUrl, 'postgres://patchbay:abc@postgres:5432/patchbay')
  }
  for (const path of ['deploy/kubernetes/base', 'deploy/kubernetes/overlays/example']) {
    const { configMapGenerator } = parse(read(`${path}/kustomization.yaml`))
    const literals = configMapGenerator.flatMap(({ literals }: Document) => literals.map(splitOnce))
    assert.ok(readConfig(Object.fromEntries(literals), { cwd: root, settings }).publicUrl.startsWith('https:'))
  }
})

test('no secret is in deploy/: each is asked for, or referred to', () => {
  assert.deepEqual([...ofKind('Secret'), ...manifests.filter(({ document }) => document.secretGenerator)], [])
  for (const deployment of deployments)
    for (const { name, value, valueFrom } of containerOf(deployment).env ?? [])
      if (/KEY|URL|PASSWORD|TOKEN|SECRET/.test(name)) assert.ok(value === undefined && valueFrom.secretKeyRef, name)
  for (const [name, service] of Object.entries<Document>(compose.services))
    for (const [variable, value] of Object.entries<string>(service.environment ?? {}))
      if (/KEY|PASSWORD|DATABASE_URL/.test(variable)) assert.match(value, /\$\{\w+:\?/, `${name} ${variable}`)
  assert.deepEqual(
    [...read('deploy/example.env').matchAll(/^\w*(?:PASSWORD|KEY)=(.*)$/gm)].map(([, value]) => value),
    ['', '', ''],
  )
})

test('ports agree: the image, its health check, services, probes, policies and what is scraped', () => {
  const { port, sandboxPort } = readConfig({}, { cwd: root, settings: {} })
  assert.match(dockerfile, new RegExp(`^ENV .*HOST=0\\.0\\.0\\.0 PORT=${port}\\b`, 'm'))
  assert.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, 'm'))
  for (const deployment of deployments) {
    const { name, ports, args, startupProbe, livenessProbe, readinessProbe } = containerOf(deployment)
    const own = name === 'sandbox' ? sandboxPort : port
    assert.deepEqual(ports, [{ name: 'http', containerPort: own }])
    if (name === 'sandbox') assert.deepEqual(args.slice(-2), ['--port', String(own)])
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) assert.equal(probe.httpGet.port, 'http')
    const { annotations } = deployment.spec.template.metadata
    if (name !== 'sandbox') assert.equal(annotations['prometheus.io/port'], String(port))
  }
  for (const { metadata, spec } of ofKind('Service')) {
    assert.equal(spec.ports[0].targetPort, 'http')
    assert.ok(
      deployments.some((deployment) => matches(spec.selector, deployment)),
      metadata.name,
    )
  }
  for (const [name, service] of ours) {
    const [published] = service.ports ?? []
    if (published)
      assert.ok(published.startsWith('127.0.0.1:') && published.endsWith(`:${name === 'sandbox' ? sandboxPort : port}`))
  }
  assert.equal(parse(read('deploy/prometheus/prometheus.yaml')).scrape_configs[0].dns_sd_configs[0].port, port)
})

test('what probes, load balancers and monitoring ask for is served, and the ingress leaves out what is for the cluster', async () => {
  const status = async (path: string) => (await fetch(server.url + path, { redirect: 'manual' })).status
  for (const deployment of deployments) {
    const { name, startupProbe, livenessProbe, readinessProbe } = containerOf(deployment)
    const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)
    const base = name === 'sandbox' ? server.sandboxUrl : server.url
    for (const path of paths) assert.equal((await fetch(base + path)).status, 200, path)
    if (name !== 'sandbox') {
      assert.deepEqual(paths, ['/health', '/health', '/ready'])
      assert.equal(deployment.spec.template.metadata.annotations['prometheus.io/path'], '/metrics')
    }
  }
  assert.match(dockerfile, /HEALTHCHECK[\s\S]*'\/health'/)
  const rules = ofKind('Ingress').flatMap(({ spec }) =>
    spec.rules[0].http.paths.map(({ path }: Document) => path as string),
  )
  // Whatever is served to people and applications, by one address of each kind.
  const served = [
    '/v1/me',
    '/connect',
    '/oauth/callback/x',
    '/auth/magic-link/verify',
    '/console/',
    '/reference/faults',
    '/openapi.json',
  ]
  assert.equal(rules.length, served.length)
  for (const path of served) {
    assert.ok(
      rules.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
      path,
    )
    assert.notEqual(await status(path), 404, path)
  }
  for (const path of ['/health', '/ready', '/metrics']) {
    assert.equal(await status(path), 200)
    assert.ok(!rules.some((prefix) => path.startsWith(prefix)))
  }
})

test('a process gets as long to stop as it takes', () => {
  // One after the other: pages and jobs, requests, token requests. A token request that was sent and not heard of costs somebody their connection.
  const longestMs = usualStopMs + closeMs + tokenRequestMs
  for (const deployment of deployments.filter(({ metadata }) => metadata.name !== 'sandbox')) {
    const { terminationGracePeriodSeconds } = deployment.spec.template.spec
    const before = containerOf(deployment).lifecycle?.preStop.sleep.seconds ?? 0
    assert.ok(terminationGracePeriodSeconds >= before + longestMs / 1000 + 5, deployment.metadata.name)
    if (deployment.metadata.name === 'api')
      assert.ok(before >= 5, 'load balancers hear of it before it stops listening')
  }
  for (const [name, { stop_grace_period }] of ours)
    if (name !== 'sandbox') assert.ok(Number.parseInt(stop_grace_period, 10) * 1000 >= longestMs + 5_000, name)
})

test('processes may write nowhere, are nobody in particular and may become nobody else', () => {
  for (const [name, service] of ours) {
    assert.equal(service.read_only, true, name)
    assert.deepEqual([service.cap_drop, service.security_opt], [['ALL'], ['no-new-privileges:true']], name)
  }
  const user = /^USER (\d+):(\d+)$/m.exec(dockerfile)
  assert.ok(Number(user?.[1]) > 0)
  for (const deployment of deployments) {
    const { securityContext, automountServiceAccountToken } = deployment.spec.template.spec
    assert.equal(automountServiceAccountToken, false)
    assert.deepEqual(securityContext, {
      runAsNonRoot: true,
      // Compiled code is kept for one user.
      runAsUser: Number(user?.[1]),
      runAsGroup: Number(user?.[2]),
      seccompProfile: { type: 'RuntimeDefault' },
    })
    assert.deepEqual(containerOf(deployment).securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  }
})

test('budgets, autoscalers and policies are about deployments that exist, and no manifest is forgotten', () => {
  const names = deployments.map(({ metadata }) => metadata.name)
  assert.deepEqual(names.sort(), [...allRoles, 'sandbox'].sort())
  for (const role of allRoles) {
    assert.ok(
      ofKind('PodDisruptionBudget').some(({ spec }) => spec.selector.matchLabels['app.kubernetes.io/name'] === role),
    )
    assert.ok(ofKind('HorizontalPodAutoscaler').some(({ spec }) => spec.scaleTargetRef.name === role))
  }
  for (const { metadata, spec } of ofKind('NetworkPolicy')) {
    const all = spec.podSelector.matchLabels['app.kubernetes.io/part-of'] === 'patchbay'
    assert.ok(all || deployments.some((deployment) => matches(spec.podSelector.matchLabels, deployment)), metadata.name)
  }
  const resources = manifests.filter(({ document }) => document.kind === 'Kustomization')
  for (const { path, document } of resources)
    for (const resource of document.resources)
      assert.ok(existsSync(join(root, path, '..', resource)), `${path}: ${resource}`)
  const forgotten = manifests
    .map(({ path }) => path)
    .filter((path) => !path.endsWith('kustomization.yaml'))
    .filter(
      (path) =>
        !resources.some((one) => one.document.resources.some((name: string) => join(one.path, '..', name) === path)),
    )
  assert.deepEqual(forgotten, [])
})

test('the Dockerfile copies what exists and what the ignore file lets through, on the Node that package.json names', () => {
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
  const base = `node:${packageJson.dependencies.node}-bookworm-slim`
  assert.deepEqual([...new Set(images)].sort(), ['manifests', base])
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, all]) => all!.split(' ').slice(0, -1))
  const allowed = new Set([...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path!))
  assert.deepEqual([...new Set(copied.map((path) => path.split('/')[0]!))].sort(), [...allowed].sort())
  for (const path of copied) assert.ok(existsSync(join(root, path)), path)
  for (const workspace of packageJson.workspaces) assert.ok(copied.includes(`${workspace}/package.json`), workspace)
  // What the server imports is in the last image.
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  for (const folder of ['db', 'packages', 'providers', 'sandbox', 'src', 'package.json'])
    assert.match(last, new RegExp(`^COPY .*\\b${folder}\\b`, 'm'))
  assert.match(last, /^ENTRYPOINT \["tini", "--", "node", "src\/patchbay\.mjs"\]$/m)
  assert.ok(existsSync(join(root, packageJson.bin.patchbay)))
})

test('every image is pinned to a version', () => {
  const images = Object.values<Document>(compose.services).map(({ image }) => image as string)
  const pinned = images.filter((image) => image !== 'patchbay:local')
  assert.ok(pinned.length >= 3)
  for (const image of pinned) assert.match(image, /:v?\d+\.\d+(\.\d+)?(-\w+)?$/)
})

test('every metric that a dashboard or an alert asks for is served', async () => {
  const { panels, templating } = json('deploy/grafana/dashboards/patchbay.json')
  const asked: string[] = [
    ...panels.flatMap(({ targets }: Document) => targets.map(({ expr }: Document) => expr)),
    ...templating.list.map(({ query }: Document) => /^label_values\((.*),/.exec(query)![1]!),
    ...parse(read('deploy/prometheus/alerts.yaml')).groups.flatMap(({ rules }: Document) =>
      rules.map(({ expr }: Document) => expr),
    ),
  ]
  assert.ok(asked.length >= 18)
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const served = new Set(text.match(/^[a-z_][a-z0-9_]*/gm))
  // What was not counted yet has no line but this one.
  for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) served.add(`${name}${part}`)
  // Prometheus makes this one itself.
  served.add('up')
  for (const expression of asked) {
    const names = metricsOf(expression)
    assert.ok(names.length > 0, expression)
    assert.deepEqual(
      names.filter((name) => !served.has(name)),
      [],
      expression,
    )
  }
  assert.deepEqual(metricsOf('max by (a) (rate(nothing_total{b="c_d"}[5m])) / time() > 1e3'), ['nothing_total'])
  assert.ok(!served.has('nothing_total'))
})

test('every way to answer a message that a dashboard or an alert names is one that is counted', () => {
  const { panels } = json('deploy/grafana/dashboards/patchbay.json')
  const { groups } = parse(read('deploy/prometheus/alerts.yaml'))
  const asked: string[] = [
    ...panels.flatMap(({ targets }: Document) => targets.map(({ expr }: Document) => expr)),
    ...groups.flatMap(({ rules }: Document) => rules.map(({ expr }: Document) => expr)),
  ]
  const named = asked.flatMap(outcomesOfAnswers)
  assert.ok(named.length >= 6, `${named.length} are named`)
  assert.deepEqual(
    named.filter((name) => !['accepted', ...refusals].includes(name)),
    [],
  )
  const misspelt = 'rate(patchbay_messages_answered_total{outcome!~"acepted|too_large"}[5m]) / other{outcome="ok"}'
  assert.deepEqual(outcomesOfAnswers(misspelt), ['acepted', 'too_large'])
})

/** The values of the label that an expression asks for. */
function outcomesOfAnswers(expression: string): string[] {
  return [...expression.matchAll(/patchbay_messages_answered_total\{[^}]*outcome[!=~]+"([^"]*)"/g)].flatMap(
    ([, values]) => values!.split('|'),
  )
}

/** Whatever the configuration looks for in its environment. */
function variablesOfTheServer(): Set<string> {
  const asked = new Set<string>()
  const env = new Proxy<Record<string, string | undefined>>({}, { get: (_, name) => void asked.add(String(name)) })
  const settings = Object.fromEntries(providers.map(({ id, settings }) => [id, Object.keys(settings ?? {})]))
  readConfig(env, { cwd: root, settings })
  readClientConfig(env, root)
  return asked
}

function variablesOf(deployment: Document): string[] {
  const { env = [], envFrom = [] } = containerOf(deployment)
  const maps = envFrom.flatMap(({ configMapRef }: Document) => configMapRef?.name ?? [])
  const generated = manifests
    .flatMap(({ document }) => document.configMapGenerator ?? [])
    .filter(({ name }: Document) => maps.includes(name))
    .flatMap(({ literals }: Document) => literals.map((literal: string) => splitOnce(literal)[0]))
  return [...env.map(({ name }: Document) => name), ...generated]
}

function unknownAmong(names: readonly string[], known: ReadonlySet<string>): string[] {
  return names.filter((name) => !known.has(name))
}

/** As compose fills in `${NAME:?why}` and `${NAME:-initial}`. */
function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\{(\w+)(?::([?-])([^}]*))?\}/g,
    (_, name, kind, rest) => values[name] ?? (kind === '-' ? rest : assert.fail(name)),
  )
}

function mapValues(record: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, text]) => [name, change(text)]))
}

function splitOnce(literal: string): [string, string] {
  const at = literal.indexOf('=')
  return [literal.slice(0, at), literal.slice(at + 1)]
}

function matches(labels: Readonly<Record<string, string>>, deployment: Document): boolean {
  const own = deployment.spec.template.metadata.labels
  return Object.entries(labels).every(([name, value]) => own[name] === value)
}

/** Names that stand for series in an expression: what is neither a function, a label, a word of the language nor a number. */
function metricsOf(expression: string): string[] {
  const bare = expression
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
  return [...bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !words.has(name))
}

const words = new Set(['and', 'or', 'unless', 'bool', 'offset'])
