import fastifyCookie from '@fastify/cookie'
import { type Fault, faults, isFault } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Choice, ConnectView } from '../engine/connect/connect-view.ts'
import type { Engine } from '../engine/engine.ts'
import { escapeHtml, page } from './page.ts'
import { clientError } from './problem.ts'
import { isStorable } from './read-json.ts'

/**
 * The pages on which people connect accounts: the picker, the way back from the platform, the end. They need no script. The session's cookie goes to these
 * addresses only, and what a browser sends never says whose account it is: that stands in the session (T10).
 */
export async function serveConnectPages(app: FastifyInstance, engine: Engine): Promise<void> {
  // Here and nowhere else, because every request would pay for it.
  await app.register(fastifyCookie)
  const { connect, setting } = engine
  const secure = setting.publicUrl.startsWith('https:')
  const cookieName = secure ? '__Host-patchbay_connect' : 'patchbay_connect'
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 64 * 1024 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
  )
  app.setErrorHandler((error, request, reply) => send(reply, sorry(error, request, engine)))

  app.get('/connect', { schema: { hide: true } }, async (request, reply) => {
    const { token, problem, session } = request.query as { token?: string; problem?: string; session?: string }
    const proof = token === undefined ? sessionProof(request, session) : { token, cookie: cookieOf(request).secret }
    const view = await connect.view(proof)
    return send(reply, { status: 200, ...picker(view, token, formTargets(view), { ended: sayingOf(problem) }) })
  })

  app.post('/connect/begin', { schema: { hide: true } }, async (request, reply) => {
    const { integration = '', token, session, as, ...answers } = (request.body ?? {}) as Record<string, string>
    const proof = token === undefined ? sessionProof(request, session) : { token, cookie: cookieOf(request).secret }
    const view = await connect.view(proof)
    try {
      const begun = await connect.begin(proof, integration, answers, { asNew: as === 'new' })
      keepCookie(reply, view.session, begun.cookie)
      return reply.redirect(begun.redirect, 303)
    } catch (error) {
      // A wrong answer is shown beside the question, with everything else still filled in.
      if (!isFault(error, 'input.invalid')) throw error
      return send(reply, {
        status: 422,
        ...picker(view, token, formTargets(view), { trouble: { integration, answers, fault: error } }),
      })
    }
  })

  // Without a HEAD: whoever looks at an address before it is opened would use it up.
  app.get(
    '/oauth/callback/:integration',
    { schema: { hide: true }, exposeHeadRoute: false },
    async (request, reply) => {
      const { integration } = request.params as { integration: string }
      const ended = await connect.callback(
        integration,
        request.query as Record<string, string>,
        cookieOf(request).secret,
      )
      return reply.redirect(ended.redirect, 303)
    },
  )

  app.get('/connect/done', { schema: { hide: true } }, async (request, reply) => {
    const { result, returnUrl, environmentId } = await connect.outcome(
      sessionProof(request, (request.query as { session?: string }).session),
    )
    const connections =
      result && 'connectionIds' in result
        ? await engine.deps.connections.list(environmentId, { ids: result.connectionIds, limit: 50 })
        : []
    const back =
      returnUrl === null ? '' : `<a class="primary" href="${escapeHtml(returnUrl)}">Back to the application</a>`
    const providers = await setting.providers.in(environmentId)
    const names = connections.map(({ account, provider, missingScopes }) => {
      const missing =
        missingScopes.length === 0
          ? ''
          : `<br><small>Without the permission ${escapeHtml(missingScopes.join(', '))} some of it stays empty.</small>`
      return `<li class="tile"><strong>${escapeHtml(account.name)}</strong><span class="soft">${escapeHtml(providers.get(provider)?.name ?? provider)}</span>${missing}</li>`
    })
    const body =
      result && 'fault' in result
        ? `<h1>It was not connected</h1><p>${escapeHtml(result.says)}</p>${back}`
        : `<h1>${names.length === 1 ? 'The account is connected' : 'The accounts are connected'}</h1><ul class="tiles">${names.join('')}</ul><p class="soft">The first numbers are being read now. You can close this page.</p>${back}`
    return send(reply, { status: 200, ...page({ title: 'Connected', body }) })
  })

  /** The page names its session, since there may be several in the tabs of one browser. It is no secret: the cookie proves whose it is. */
  function sessionProof(request: FastifyRequest, named: unknown) {
    const { session, secret } = cookieOf(request)
    const id = typeof named === 'string' ? named : (session ?? '')
    return { session: isStorable(id) ? id : '', cookie: secret }
  }

  function cookieOf(request: FastifyRequest): { session: string | null; secret: string | null } {
    const [session = null, secret = null] = (request.cookies[cookieName] ?? '').split('~')
    return { session, secret }
  }

  function keepCookie(reply: FastifyReply, session: string, secret: string): void {
    reply.setCookie(cookieName, `${session}~${secret}`, {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
      maxAge: 30 * 60,
    })
  }

  /** Where the form may lead: the browser holds redirects of a form's answer against the policy. */
  function formTargets({ choices, mode }: ConnectView): string[] {
    const origins = choices.flatMap(({ consentOrigin }) => consentOrigin ?? [])
    return mode === 'test' && setting.sandboxUrl ? [new URL(setting.sandboxUrl).origin] : [...new Set(origins)]
  }
}

interface Trouble {
  readonly integration: string
  readonly answers: Readonly<Record<string, string>>
  readonly fault: Fault
}

/** The sentence for a fault's code that stands in an address. Nothing else of the address is ever shown. */
function sayingOf(problem: unknown): string | null {
  if (typeof problem !== 'string') return null
  return Object.hasOwn(faults, problem) ? faults[problem as keyof typeof faults].says : 'It was not connected.'
}

function picker(
  view: ConnectView,
  token: string | undefined,
  targets: readonly string[],
  { trouble, ended }: { trouble?: Trouble; ended?: string | null },
) {
  const heading = view.reconnect
    ? `<h1>Connect ${escapeHtml(view.reconnect.account.name)} again</h1><p>Sign in as the same account. Its history stays.</p>`
    : `<h1>Connect an account of ${escapeHtml(view.profile.name || view.profile.id)}</h1>`
  const note = ended ? `<p class="note" role="alert">${escapeHtml(ended)}</p>` : ''
  const why = view.mismatch && (!ended || ended === mismatchSays) ? otherAccount(view, view.mismatch) : note
  const sandbox =
    view.mode === 'test'
      ? '<p class="note">This is a test: the platforms are the sandbox’s, and nobody’s real account is touched.</p>'
      : ''
  const choices =
    view.choices.length === 0
      ? '<p>There is nothing to connect here yet. Ask whoever sent you this link.</p>'
      : `<ul class="tiles">${view.choices.map((choice) => `<li>${form(choice, view, token, trouble)}</li>`).join('')}${view.mismatch ? view.choices.map((choice) => `<li>${formAsNew(choice, view, view.mismatch!, token)}</li>`).join('') : ''}</ul>`
  return page({
    title: 'Connect an account',
    formTargets: targets,
    body: `${heading}${why}${sandbox}${choices}<p class="soft"><small>This page works until ${escapeHtml(new Date(view.expiresAt).toISOString().slice(11, 16))} UTC.</small></p>`,
  })
}

function form(choice: Choice, view: ConnectView, token: string | undefined, trouble: Trouble | undefined): string {
  const wrong = trouble?.integration === choice.integration ? trouble : undefined
  const connected =
    choice.connected.length === 0 || view.reconnect
      ? ''
      : `<p class="soft">Connected already: ${choice.connected.map(({ account }) => escapeHtml(account.name)).join(', ')}</p>`
  const incident = choice.incident === null ? '' : `<p class="note">${escapeHtml(choice.incident.says)}</p>`
  const preflight =
    // Whoever comes back from the platform was told before.
    choice.preflight.length === 0 || view.mismatch
      ? ''
      : `<ul class="soft">${choice.preflight.map((line) => `<li><small>${escapeHtml(line)}</small></li>`).join('')}</ul>`
  const beside = choice.fields.find(({ name }) => name === wrong?.fault.detail.field)
  const questions = choice.fields.map((field) =>
    input(field, wrong?.answers[field.name], field === beside ? wrong?.fault.message : undefined),
  )
  // Folded, so that a long list of platforms can be overlooked; the only one, and the one with an error, is open.
  const open = view.choices.length === 1 || wrong ? ' open' : ''
  return `<details class="tile" name="platform"${open}>
<summary><strong>${escapeHtml(choice.name)}</strong><span class="soft">${escapeHtml(choice.summary)}</span></summary>
<form method="post" action="/connect/begin">
${connected}${incident}${preflight}
${wrong && !beside ? `<p class="note" role="alert">${escapeHtml(wrong.fault.message)}</p>` : ''}
${restOfForm(choice, view, token, questions, buttonText(choice, view))}</details>`
}

function buttonText(choice: Choice, { mismatch, reconnect }: ConnectView): string {
  if (mismatch) return `Switch to ${escapeHtml(reconnect?.account.handle ?? reconnect?.account.name ?? choice.name)}`
  return choice.redirects ? `Go on to ${escapeHtml(choice.name)}` : `Connect ${escapeHtml(choice.name)}`
}

const mismatchSays = faults['connection.mismatch'].says

/** Both names, since the person may know only one of them by heart. */
function otherAccount({ reconnect }: ConnectView, { name }: Mismatch): string {
  const wanted = reconnect?.account.handle ?? reconnect?.account.name ?? ''
  return `<div class="note" role="alert"><p><strong>${escapeHtml(mismatchSays)}</strong></p><p>You signed in as ${escapeHtml(name)}; this connection is ${escapeHtml(wanted)}. Nothing was changed.</p></div><p>Either sign out of ${escapeHtml(name)} on the platform, or choose another account there, and go on as ${escapeHtml(wanted)}; or connect ${escapeHtml(name)} as well.</p>`
}

function formAsNew(choice: Choice, view: ConnectView, { name, fields }: Mismatch, token: string | undefined): string {
  const questions = fields.map((field) => input(field, undefined, undefined))
  return `<form class="tile" method="post" action="/connect/begin">
<strong>Connect ${escapeHtml(name)} as a new one</strong><p class="soft">${escapeHtml(view.reconnect?.account.name ?? '')} stays as it is.</p>
<input type="hidden" name="as" value="new">
${restOfForm(choice, view, token, questions, `Connect ${escapeHtml(name)} too`)}`
}

/** Which platform it is for and in which session, the questions, the button. */
function restOfForm(
  { integration }: Choice,
  { session }: ConnectView,
  token: string | undefined,
  questions: readonly string[],
  button: string,
): string {
  return `<input type="hidden" name="integration" value="${escapeHtml(integration)}">
<input type="hidden" name="${token === undefined ? 'session' : 'token'}" value="${escapeHtml(token ?? session)}">
${questions.join('\n')}
<button class="primary">${button}</button>
</form>`
}

type Mismatch = NonNullable<ConnectView['mismatch']>

function input(field: Choice['fields'][number], typed: string | undefined, wrong: string | undefined): string {
  const help = field.help ? `<small class="soft">${escapeHtml(field.help)}</small>` : ''
  const name = escapeHtml(field.name)
  const trouble = wrong === undefined ? '' : `<span class="note" role="alert">${escapeHtml(wrong)}</span>`
  const marked = wrong === undefined ? '' : ' aria-invalid="true" autofocus'
  if (field.choices) {
    const options = field.choices
      .map(
        (choice) => `<option${choice === (typed ?? field.initial) ? ' selected' : ''}>${escapeHtml(choice)}</option>`,
      )
      .join('')
    return `<label>${escapeHtml(field.label)}${help}<select name="${name}"${marked}>${options}</select>${trouble}</label>`
  }
  const value = field.secret ? '' : (typed ?? field.initial ?? '')
  return `<label>${escapeHtml(field.label)}${help}<input name="${name}" type="${field.secret ? 'password' : 'text'}" value="${escapeHtml(value)}" placeholder="${escapeHtml(field.placeholder ?? '')}" autocomplete="off"${field.required ? ' required' : ''}${marked}>${trouble}</label>`
}

function send(
  reply: FastifyReply,
  shown: { status: number; text: string; headers: Record<string, string> },
): FastifyReply {
  return reply.code(shown.status).headers(shown.headers).type('text/html; charset=utf-8').send(shown.text)
}

/** The same page for a link that is unknown, used up or somebody else's (T12). */
function sorry(error: unknown, request: FastifyRequest, engine: Engine) {
  const fault = isFault(error) ? error : clientError(error)
  if (!fault) engine.deps.log.error('connect.bug', { requestId: request.id, error })
  const [status, says] = fault ? [fault.kind.status, fault.message] : [500, 'Something went wrong inside Patchbay.']
  const body = `<h1>This cannot go on</h1><p>${escapeHtml(says)}</p><p class="soft"><small>Request ${escapeHtml(request.id)}</small></p>`
  return { status, ...page({ title: 'Connect', body }) }
}
