import { type Clock, errorText, UnavailableError } from 'mailwright'
import { ehloKeywords } from 'mailwright/smtp-client'
import type { Timeouts } from '../options.ts'
import { HostFailure, unreachable } from '../outcome.ts'
import { type ClientTls, type Secured, SecurityError } from '../security/client-tls.ts'
import type { SecurityFailure, SecurityObserver } from '../security/requirement.ts'
import { logIn } from './login.ts'
import { forNow, refusalBy } from './refusal.ts'
import { SmtpConnection } from './smtp-connection.ts'
import { keyOf, placeOf, sourceOf, type Target } from './target.ts'

export interface OpeningSettings {
  readonly clock: Clock
  readonly timeouts: Timeouts
  readonly tls: ClientTls
  /** Is told how each session was secured. */
  observe: SecurityObserver
}

// RFC 8460 §4.3.2.1; RFC 7672 §2.2: mail goes on under TLS all the same, whatever the certificate.
const noneUsable: SecurityFailure = {
  result: 'tlsa-invalid',
  detail: 'none of the TLSA records is one by which the host could be known',
}

/** Of one opening. */
export interface OpeningRequest {
  readonly signal: AbortSignal
  /** Is called when there is a connection. */
  connected?(): void
  /** Is called when the host has greeted, whatever it says. */
  greeted?(): void
}

/** A session with a host that is ready for MAIL. */
export interface OpenSession {
  readonly connection: SmtpConnection
  /** Undefined: in clear. */
  readonly secured: Secured | undefined
}

/**
 * Connects, greets, goes on under TLS and logs in, as the target demands it. Where TLS is welcome and not needed, a handshake that
 * fails is followed by a connection in clear (RFC 7435 §3). Rejects with {@link HostFailure}.
 */
export async function openSession(
  target: Target,
  address: string,
  settings: OpeningSettings,
  request: OpeningRequest,
): Promise<OpenSession> {
  try {
    return await new Opening(target, address, settings).run(request, target.requirement.level !== 'none')
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error
    if (target.requirement.level === 'may' && !target.implicitTls && !request.signal.aborted)
      return new Opening(target, address, settings).run(request, false)
    throw notSecure(target, address, error.failure)
  }
}

class Opening {
  readonly #target: Target
  readonly #address: string
  readonly #settings: OpeningSettings

  constructor(target: Target, address: string, settings: OpeningSettings) {
    this.#target = target
    this.#address = address
    this.#settings = settings
  }

  async run(request: OpeningRequest, useTls: boolean): Promise<OpenSession> {
    const { signal } = request
    const connection = await this.#dial()
    request.connected?.()
    const abort = (): void => connection.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) connection.destroy()
      return { connection, secured: await this.#begin(connection, useTls, request) }
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #dial(): Promise<SmtpConnection> {
    const { clock, timeouts } = this.#settings
    const { candidate } = this.#target
    return SmtpConnection.dial(this.#address, candidate.port, {
      clock,
      connectTimeout: timeouts.connect,
      blockTimeout: timeouts.block,
      localAddress: sourceOf(this.#target, this.#address),
      place: placeOf(candidate, this.#address),
      host: candidate.host,
    })
  }

  async #begin(
    connection: SmtpConnection,
    useTls: boolean,
    { signal, greeted }: OpeningRequest,
  ): Promise<Secured | undefined> {
    const { implicitTls, login, candidate } = this.#target
    let secured = implicitTls ? await this.#secure(connection) : undefined
    if (secured !== undefined) this.#tell(this.#weaknessOf(secured))
    const greeting = await connection.reply(this.#settings.timeouts.greeting)
    greeted?.()
    if (greeting.code !== 220) throw new HostFailure(forNow(refusalBy(connection, greeting, 'greeting')))
    await this.#hello(connection)
    if (secured === undefined && useTls) {
      secured = await this.#startTls(connection, signal)
      if (secured !== undefined) await this.#helloAgain(connection, secured, signal)
    }
    if (login !== undefined) {
      const isConfidential = secured !== undefined || isLoopback(this.#address)
      const { hello: timeout } = this.#settings.timeouts
      const channelBinding = secured?.channelBinding
      await logIn(connection, login, { timeout, port: candidate.port, isConfidential, channelBinding })
    }
    return secured
  }

  async #hello(connection: SmtpConnection): Promise<void> {
    const { hostname } = this.#target.identity
    const { hello: timeout } = this.#settings.timeouts
    connection.extensions = new Map()
    const answer = await connection.command(`EHLO ${hostname}`, timeout)
    if (answer.code === 250) {
      connection.extensions = ehloKeywords(answer)
      return
    }
    // RFC 5321 §3.2: HELO is for those who do not know EHLO, in whichever words, not for those who do not want us.
    const isUnknown = answer.code >= 500 && answer.code <= 504
    const old = isUnknown ? await connection.command(`HELO ${hostname}`, timeout) : answer
    // As in the greeting: the mail was not spoken of.
    if (old.code !== 250) throw new HostFailure(forNow(refusalBy(connection, old, 'hello')))
  }

  /**
   * RFC 3207 §4.2: what was said in clear is forgotten. A host that does not like our end of the handshake shows it only now, with
   * TLS 1.3.
   */
  async #helloAgain(connection: SmtpConnection, secured: Secured, signal: AbortSignal): Promise<void> {
    let failure = this.#weaknessOf(secured)
    try {
      await this.#hello(connection)
    } catch (error) {
      if (!isLost(error) || signal.aborted) throw error
      failure = { result: 'validation-failure', detail: 'the connection ended with the handshake' }
      throw new SecurityError(failure, { cause: error })
    } finally {
      this.#tell(failure)
    }
  }

  /** Undefined: the host has no TLS, and needs none. */
  async #startTls(connection: SmtpConnection, signal: AbortSignal): Promise<Secured | undefined> {
    const { requirement } = this.#target
    if (!connection.extensions.has('STARTTLS')) return this.#inClear('the host does not offer STARTTLS')
    const answer = await connection
      .command('STARTTLS', this.#settings.timeouts.hello)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#tell({ result: 'validation-failure', detail: errorText(error) })
        throw error
      })
    if (answer.code !== 220) {
      const detail = `STARTTLS was refused: ${answer.code}`
      if (answer.code === 421) {
        // RFC 5321 §3.8: whoever says so to anything closes. It says nothing of TLS, but that there was none.
        this.#tell({ result: 'validation-failure', detail })
        throw new HostFailure(refusalBy(connection, answer, 'hello'))
      }
      if (requirement.level === 'may' && answer.code >= 400) return this.#inClear(detail)
      this.#tell({ result: 'starttls-not-supported', detail })
      throw new HostFailure(refusalBy(connection, answer, 'tls'))
    }
    // RFC 3207 §6: somebody between us may have put in what would pass for the host's words under TLS.
    if (connection.line.unread > 0) {
      const fault = connection.fault('says more in clear than that TLS begins')
      this.#tell({ result: 'validation-failure', detail: errorText(fault) })
      throw fault
    }
    return this.#secure(connection)
  }

  #inClear(detail: string): undefined {
    const failure = { result: 'starttls-not-supported', detail } as const
    this.#tell(failure)
    if (this.#target.requirement.level !== 'may') throw notSecure(this.#target, this.#address, failure)
    return undefined
  }

  async #secure(connection: SmtpConnection): Promise<Secured> {
    const { tls, timeouts } = this.#settings
    const { candidate, requirement, certificate } = this.#target
    const settings = { timeout: timeouts.hello, key: keyOf(this.#target), certificate }
    try {
      return await tls.secure(connection.line, candidate.host, requirement, settings)
    } catch (error) {
      if (error instanceof SecurityError) this.#tell(error.failure)
      if (!(error instanceof UnavailableError)) throw error
      const text = `The certificate for ${connection.place} cannot be had: ${error.message}`
      const outcome = unreachable('tls', '4.7.5', text, candidate.host)
      throw new HostFailure(outcome, { cause: error, isOurs: true })
    }
  }

  /** What is wrong with a session all the same that was secured as it was demanded. */
  #weaknessOf({ weakness }: Secured): SecurityFailure | undefined {
    const { level, source } = this.#target.requirement
    // RFC 8461 §5: a policy that is only tested demands nothing, and wants to know what it would have been like.
    if (source === 'mta-sts') return weakness
    return source === 'dane' && level !== 'dane' ? noneUsable : undefined
  }

  #tell(failure: SecurityFailure | undefined): void {
    const { domain, candidate, requirement } = this.#target
    this.#settings.observe({ domain, candidate, requirement, ...(failure === undefined ? {} : { failure }) })
  }
}

/** The connection is gone, whatever was said before. */
function isLost(error: unknown): boolean {
  return error instanceof HostFailure && error.outcome.cause === 'unreachable'
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

// RFC 3463 §3.8: 4.7.4 is "security features not supported", 4.7.5 "cryptographic failure".
function notSecure(
  { candidate, requirement }: Target,
  address: string,
  failure: SecurityFailure,
): HostFailure {
  const enhanced = failure.result === 'starttls-not-supported' ? '4.7.4' : '4.7.5'
  const text = `${placeOf(candidate, address)}: TLS is needed (${requirement.level}, ${requirement.source}): ${failure.detail}`
  return new HostFailure(unreachable('tls', enhanced, text, candidate.host))
}
