import { type Auth, apiKey, basic, clientCredentials, oauth2, type TokenAnswer } from '@patchbay/kit'
import type { Definition } from './definition.ts'
import { parseExpression } from './expression.ts'
import { Meter } from './meter.ts'
import { numberOf, optionalText, RowError } from './row-values.ts'

type Described = Definition['auth']

export function compileAuth(auth: Described): Auth {
  switch (auth.scheme) {
    case 'api_key':
      return apiKey(auth)
    case 'basic':
      return basic(auth)
    case 'client_credentials': {
      const { scheme: _, ...options } = auth
      return clientCredentials(options)
    }
    case 'oauth2': {
      const { scheme: _, codeSuffix, answer, ...options } = auth
      return oauth2({
        ...options,
        ...(codeSuffix !== undefined && {
          code: (raw: string) => (raw.endsWith(codeSuffix) ? raw.slice(0, -codeSuffix.length) : raw),
        }),
        ...(answer && { answer: readAnswer(answer) }),
      })
    }
  }
}

function readAnswer(where: NonNullable<Extract<Described, { scheme: 'oauth2' }>['answer']>) {
  const { accessToken, refreshToken, expiresInSeconds, refreshExpiresInSeconds, scopes } = where
  const parse = (text: string | undefined) => (text === undefined ? null : parseExpression(text))
  const find = {
    accessToken: parseExpression(accessToken),
    refreshToken: parse(refreshToken),
    expiresIn: parse(expiresInSeconds),
    refreshExpiresIn: parse(refreshExpiresInSeconds),
    scopes: parse(scopes),
  }
  return (body: Parameters<NonNullable<Extract<Auth, { scheme: 'oauth2' }>['answer']>>[0]): TokenAnswer | null => {
    const meter = new Meter()
    const token = optionalText(find.accessToken.evaluate(body, meter))
    if (token === undefined) return null
    const granted = find.scopes?.evaluate(body, meter) ?? null
    try {
      return {
        accessToken: token,
        refreshToken: optionalText(find.refreshToken?.evaluate(body, meter)),
        expiresInSeconds: numberOf(find.expiresIn?.evaluate(body, meter) ?? null, 'expiresInSeconds') ?? undefined,
        refreshExpiresInSeconds:
          numberOf(find.refreshExpiresIn?.evaluate(body, meter) ?? null, 'refreshExpiresInSeconds') ?? undefined,
        scopes:
          granted === null
            ? undefined
            : (Array.isArray(granted) ? granted.map(String) : String(granted).split(/[ ,]+/)).filter(Boolean),
      }
    } catch (error) {
      // An answer that cannot be read.
      if (error instanceof RowError) return null
      throw error
    }
  }
}
