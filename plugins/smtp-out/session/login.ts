import { createHmac } from 'node:crypto'
import { errorText, type Reply } from 'mailwright'
import { HostFailure, unreachable } from '../outcome.ts'
import { type CertificateLogin, type Login, readSecret, type SecretLogin } from '../routing/secret.ts'
import { refusalBy } from './refusal.ts'
import { ScramLogin } from './scram.ts'
import type { SmtpConnection } from './smtp-connection.ts'

export interface LoginSettings {
  /** Milliseconds for each answer. */
  readonly timeout: number
  readonly port: number
  /** Whoever listens on the way must not hear a password: only mechanisms that hide it. */
  readonly isConfidential: boolean
  /** What ties a login to the connection (tls-exporter); undefined where there is nothing. */
  readonly channelBinding: Buffer | undefined
}

/** One side of a mechanism: what to say first, and what to each challenge. */
interface Exchange {
  readonly name: string
  /** Challenges that there can be. */
  readonly most?: number
  /** Absent where the server begins. */
  first?(): string
  next(challenge: Buffer): Promise<string> | string
  /** Whether answers are made of the challenges, which must be base64 then; of others a host may say anything. */
  readonly reads?: true
}

// RFC 4954 §4: a longer line needs a challenge first.
const longestCommand = 500
const mostChallenges = 10

/** Logs in (RFC 4954). Rejects with {@link HostFailure} where that fails: the config may be mended, so the mail waits. */
export async function logIn(
  connection: SmtpConnection,
  login: Login,
  settings: LoginSettings,
): Promise<void> {
  const mechanisms = offered(connection)
  // The certificate is all that the host wants.
  if (login.kind === 'certificate' && login.user === undefined && !mechanisms.has('EXTERNAL')) return
  const exchange =
    login.kind === 'certificate'
      ? external(mechanisms, login)
      : await secretExchange(connection, mechanisms, login, settings)
  if (exchange === undefined)
    throw failure(
      connection,
      settings.isConfidential
        ? `${connection.place} has no way to log in that is known here`
        : `${connection.place} offers no login without TLS that is used here`,
    )
  const answer = await run(connection, exchange, settings.timeout).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error
    connection.destroy()
    throw failure(connection, `${connection.place} cannot prove itself: ${error.message}`)
  })
  if (answer.code === 235) return
  // As Postfix has it: a login that fails is rather a fault here than one of the mail.
  const refused = refusalBy(connection, answer, 'login')
  if (refused.kind === 'deferred') throw new HostFailure(refused)
  const [text = ''] = refused.reply.lines
  throw failure(connection, `${text} (${answer.code})`)
}

async function run(connection: SmtpConnection, exchange: Exchange, timeout: number): Promise<Reply> {
  // RFC 4954 §4: an initial response of nothing.
  const first = exchange.first && (base64(exchange.first()) || '=')
  const command = `AUTH ${exchange.name}`
  const isLong = first !== undefined && command.length + first.length >= longestCommand
  const isAlone = first === undefined || isLong
  let answer = await connection.command(isAlone ? command : `${command} ${first}`, timeout, true)
  if (isLong && answer.code === 334) answer = await connection.command(first, timeout, true)
  const { most = mostChallenges } = exchange
  for (let count = 0; answer.code === 334; count++) {
    if (count === most) throw connection.fault('has no end of questions')
    const text = (answer.lines[0] ?? '').trim()
    if (exchange.reads && !isBase64(text)) {
      // RFC 4954 §4: the client gives up.
      await connection.command('*', timeout, true)
      throw failure(
        connection,
        `${connection.place} asks in what is not base64 at a login by ${exchange.name}`,
      )
    }
    answer = await connection.command(base64(await exchange.next(Buffer.from(text, 'base64'))), timeout, true)
  }
  return answer
}

/** The mechanisms of `AUTH`, also in the form of early drafts, `AUTH=`. */
function offered({ extensions }: SmtpConnection): ReadonlySet<string> {
  const words = [...extensions].flatMap(([keyword, parameters]) => {
    if (!/^AUTH(?:=|$)/.test(keyword)) return []
    return [keyword.slice('AUTH='.length), ...parameters.toUpperCase().split(' ')]
  })
  return new Set(words)
}

/** RFC 4422 §A: the certificate has shown who we are; as whom we act may be said. */
function external(mechanisms: ReadonlySet<string>, { user = '' }: CertificateLogin): Exchange | undefined {
  if (!mechanisms.has('EXTERNAL')) return undefined
  return { name: 'EXTERNAL', first: () => user, next: () => user }
}

async function secretExchange(
  connection: SmtpConnection,
  mechanisms: ReadonlySet<string>,
  login: SecretLogin,
  settings: LoginSettings,
): Promise<Exchange | undefined> {
  const secret = await readSecret(login.secret).catch((error: unknown) => {
    throw failure(connection, `the secret for ${connection.place} cannot be had: ${errorText(error)}`)
  })
  return chosen(mechanisms, login, secret, connection.host, settings)
}

function chosen(
  mechanisms: ReadonlySet<string>,
  { user, kind }: SecretLogin,
  secret: string,
  host: string,
  { port, isConfidential, channelBinding }: LoginSettings,
): Exchange | undefined {
  if (kind === 'token') {
    if (!isConfidential) return undefined
    if (mechanisms.has('OAUTHBEARER')) return bearer(user, secret, host, port)
    return mechanisms.has('XOAUTH2') ? xoauth2(user, secret) : undefined
  }
  if (mechanisms.has('SCRAM-SHA-256-PLUS') && channelBinding !== undefined)
    return scram('SCRAM-SHA-256-PLUS', new ScramLogin(user, secret, { kind: 'bound', data: channelBinding }))
  // RFC 5802 §6: a host that has the other one as well learns that somebody between us has hidden it.
  if (mechanisms.has('SCRAM-SHA-256'))
    return scram(
      'SCRAM-SHA-256',
      new ScramLogin(user, secret, { kind: channelBinding === undefined ? 'none' : 'not-offered' }),
    )
  if (!isConfidential) return undefined
  if (mechanisms.has('PLAIN')) return { name: 'PLAIN', first: () => `\0${user}\0${secret}`, next: () => '' }
  if (mechanisms.has('LOGIN')) return loginExchange(user, secret)
  return mechanisms.has('CRAM-MD5') ? cramMd5(user, secret) : undefined
}

/** RFC 4954 §4: the server begins, so that an initial response would be a fault. */
function loginExchange(user: string, secret: string): Exchange {
  const answers = [user, secret]
  return { name: 'LOGIN', most: answers.length, next: () => answers.shift() ?? '' }
}

/** RFC 2195 §2: for old hosts that have nothing else. */
function cramMd5(user: string, secret: string): Exchange {
  const digest = (challenge: Buffer) => createHmac('md5', secret).update(challenge).digest('hex')
  return { name: 'CRAM-MD5', most: 1, reads: true, next: (challenge) => `${user} ${digest(challenge)}` }
}

function scram(name: string, exchange: ScramLogin): Exchange {
  let step = 0
  return {
    name,
    first: () => exchange.first(),
    reads: true,
    async next(challenge) {
      const message = challenge.toString()
      step += 1
      if (step === 1) return exchange.final(message)
      exchange.verify(message)
      return ''
    },
  }
}

/** RFC 7628 §3.1; a failure comes as a challenge, which is answered with one octet (§3.2.3). */
function bearer(user: string, token: string, host: string, port: number): Exchange {
  const name = user.replaceAll('=', '=3D').replaceAll(',', '=2C')
  return {
    name: 'OAUTHBEARER',
    first: () => `n,a=${name},\x01host=${host}\x01port=${port}\x01auth=Bearer ${token}\x01\x01`,
    next: () => '\x01',
  }
}

/** What large providers had before RFC 7628. */
function xoauth2(user: string, token: string): Exchange {
  return {
    name: 'XOAUTH2',
    first: () => `user=${user}\x01auth=Bearer ${token}\x01\x01`,
    next: () => '',
  }
}

function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

// RFC 4954 §6: 4.7.0 is "temporary authentication failure".
function failure({ host }: SmtpConnection, text: string): HostFailure {
  return new HostFailure(unreachable('policy', '4.7.0', text, host))
}
