import { type Clock, UnavailableError } from 'mailwright'
import type { IntrospectionOptions } from './options.ts'

/** Octets of an answer that are read. */
const longestAnswer = 65_536
/** Questions at the same time; clients beyond them are told to come again. */
const mostQuestions = 64

type EndpointOptions = Pick<IntrospectionOptions, 'endpoint' | 'clientId' | 'clientSecret' | 'timeout'>

/** The introspection endpoint of a provider (RFC 7662 §2). */
export class Endpoint {
  readonly #options: EndpointOptions
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  #asking = 0

  constructor(options: EndpointOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** What it says of a token, as it says it. MAIL_E_UNAVAILABLE where it says nothing, or not in time. */
  async ask(token: string): Promise<string> {
    if (this.#asking >= mostQuestions) throw new UnavailableError('too many tokens are being asked about')
    this.#asking++
    const late = new AbortController()
    const timer = this.#clock.after(this.#options.timeout, () => late.abort(new Error('it takes too long')))
    try {
      return await this.#fetch(token, AbortSignal.any([late.signal, this.#stopped.signal]))
    } catch (cause) {
      throw new UnavailableError('the introspection endpoint does not answer', { cause })
    } finally {
      timer.cancel()
      this.#asking--
    }
  }

  /** Ends every question. */
  stop(): void {
    this.#stopped.abort(new Error('the server stops'))
  }

  async #fetch(token: string, signal: AbortSignal): Promise<string> {
    const { endpoint } = this.#options
    const authorization = authorizationOf(this.#options)
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      // The token goes where the config says, and nowhere else.
      redirect: 'error',
      signal,
    })
    const text = await readText(response)
    if (response.status !== 200) throw new Error(`it answers ${response.status}`)
    return text
  }
}

/** RFC 6749 §2.3.1: both are encoded as in a form first. */
function authorizationOf({ clientId, clientSecret: secret }: EndpointOptions): string | undefined {
  if (clientId === undefined || secret === undefined) return undefined
  const known = 'text' in secret ? secret.text : process.env[secret.variable]
  if (known === undefined || known === '')
    throw new Error('the environment variable of its secret is not set')
  const encoded = [clientId, known].map((text) => new URLSearchParams({ '': text }).toString().slice(1))
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of response.body ?? []) {
    octets += chunk.length
    if (octets > longestAnswer) throw new Error(`it answers more than ${longestAnswer} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
