import { type TokenFacts, UnavailableError } from 'mailwright'
import type { IntrospectionOptions } from './options.ts'

/** What an endpoint says of a token, and until when. */
export interface Answer {
  readonly facts: TokenFacts
  /** Milliseconds since 1970; undefined where it does not say. */
  readonly expiresAt: number | undefined
}

const longestLogin = 320
const none: Answer = { facts: { active: false }, expiresAt: undefined }

type Demands = Pick<IntrospectionOptions, 'loginClaim' | 'scope' | 'audience'>

/**
 * Reads an answer (RFC 7662 §2.2). A token that is not for us, not yet good, or without a login counts as none.
 * MAIL_E_UNAVAILABLE for what is no such answer: it says nothing of the token.
 */
export function readAnswer(text: string, demands: Demands, now: number): Answer {
  const members = readObject(text)
  if (typeof members?.active !== 'boolean')
    throw new UnavailableError('the introspection endpoint gives answers that are none (RFC 7662 §2.2)')
  const login = Object.hasOwn(members, demands.loginClaim) ? members[demands.loginClaim] : undefined
  if (!members.active || !isForUs(members, demands) || !isLogin(login)) return none
  const [expiresAt, validFrom] = [timeOf(members.exp), timeOf(members.nbf)]
  if ((expiresAt !== undefined && expiresAt <= now) || (validFrom !== undefined && validFrom > now))
    return none
  return { facts: { active: true, login }, expiresAt }
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isForUs({ scope, aud }: Readonly<Record<string, unknown>>, demands: Demands): boolean {
  const scopes = typeof scope === 'string' ? scope.split(' ') : []
  const audiences = Array.isArray(aud) ? aud : [aud]
  const hasScope = demands.scope === undefined || scopes.includes(demands.scope)
  return hasScope && (demands.audience === undefined || audiences.includes(demands.audience))
}

function isLogin(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestLogin
}

/** Seconds since 1970 in milliseconds. */
function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value * 1000 : undefined
}
