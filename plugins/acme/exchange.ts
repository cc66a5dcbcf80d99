import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type Clock, UnavailableError } from 'mailwright'
import { longestWait } from './order-record.ts'

const timeout = 30_000
/** Octets of an answer that are read: a chain of certificates is a few thousand. */
const longestAnswer = 262_144

/** What the authority's server answered. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface HttpQuestion {
  readonly url: string
  readonly method: 'GET' | 'HEAD' | 'POST'
  /** JSON. */
  readonly body?: string
  readonly signal: AbortSignal
}

/** How questions reach the authority; tests have others. */
export type Exchange = (question: HttpQuestion) => Promise<HttpAnswer>

/**
 * HTTPS with a limit of time and of octets, without following redirections. `ca`: who may have signed the server's
 * certificate; those whom Node.js trusts where absent. MAIL_E_UNAVAILABLE.
 */
export function createExchange(clock: Clock, ca: string | undefined): Exchange {
  return async ({ url, method, body, signal }) => {
    const late = new AbortController()
    const timer = clock.after(timeout, () => late.abort(new Error('it takes too long')))
    const all = AbortSignal.any([signal, late.signal])
    try {
      return await ask(url, { method, ca, signal: all }, body)
    } catch (error) {
      // The reason of an abort says more than that there was one.
      const cause = all.aborted ? all.reason : error
      throw new UnavailableError(`${new URL(url).host} does not answer`, { cause })
    } finally {
      timer.cancel()
    }
  }
}

interface AskOptions {
  readonly method: string
  readonly ca: string | undefined
  readonly signal: AbortSignal
}

function ask(url: string, { method, ca, signal }: AskOptions, body: string | undefined): Promise<HttpAnswer> {
  const headers = {
    // RFC 8555 §6.1: a user agent is a must, a language a courtesy to whoever reads the problem.
    'user-agent': 'Mailwright (ACME)',
    'accept-language': 'en',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(body) }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, signal, ...(ca === undefined ? {} : { ca }) })
    sent.on('error', reject)
    sent.on('response', (response) => readAnswer(response).then(resolve, reject))
    sent.end(body)
  })
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > longestAnswer) throw new Error(`it answers more than ${longestAnswer} octets`)
    chunks.push(chunk)
  }
  const { statusCode: status = 0, headers } = response
  return { status, headers, text: Buffer.concat(chunks).toString('utf8') }
}

/** Milliseconds to wait, as an answer says it in seconds or as a date (RFC 9110 §10.2.3); at most a week. */
export function retryAfter({ headers }: Pick<HttpAnswer, 'headers'>, now: number): number | undefined {
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const wait = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longestWait)
}
