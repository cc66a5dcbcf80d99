import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { SecureContext, TLSSocket } from 'node:tls'
import { type Clock, MailwrightError, type Resolver } from 'mailwright'
import type { SecurityFailure } from '../requirement.ts'
import { lookupBy } from '../resolver-lookup.ts'

/** Fetches the text of a domain's policy. Rejects with {@link StsFetchError}. */
export type StsFetch = (domain: string) => Promise<string>

/** Why a policy could not be had, in the words of RFC 8460 §4.3.2.2. */
export class StsFetchError extends MailwrightError {
  readonly result: SecurityFailure['result']

  constructor(result: SecurityFailure['result'], message: string, options: { cause?: unknown } = {}) {
    super('MAIL_E_UNAVAILABLE', message, options)
    this.name = 'StsFetchError'
    this.result = result
  }
}

export interface StsFetchOptions {
  readonly resolver: Resolver
  readonly clock: Clock
  /** Milliseconds for all of it; a minute where absent (RFC 8461 §3.3). */
  readonly timeout?: number
  /** Of whom we trust; asked for each fetch. */
  trusting(): SecureContext
  /** 443 where absent. */
  readonly port?: number
}

// RFC 8461 §3.3: policies are small, and a limit is a must.
const longestPolicy = 65_536

/** Fetches over HTTPS: one request, no redirects, and a certificate for the policy host (RFC 8461 §3.3). */
export function httpsStsFetch({
  resolver,
  clock,
  timeout = 60_000,
  trusting,
  port = 443,
}: StsFetchOptions): StsFetch {
  return async (domain) => {
    const host = `mta-sts.${domain}`
    const late = new AbortController()
    const timer = clock.after(timeout, () => late.abort(new Error('it takes too long')))
    try {
      return await fetchText({
        ...{ host, servername: host, port, path: '/.well-known/mta-sts.txt', agent: false },
        ...{ headers: { accept: 'text/plain' }, signal: late.signal, lookup: lookupBy(resolver) },
        secureContext: trusting(),
      })
    } finally {
      timer.cancel()
    }
  }
}

function fetchText(
  options: RequestOptions & { readonly signal: AbortSignal; readonly secureContext: SecureContext },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let socket: TLSSocket | undefined
    const failed = (cause: unknown) => {
      // Set where the certificate was the trouble.
      const isUntrusted = socket?.authorizationError !== undefined && socket.authorizationError !== null
      const why = options.signal.aborted ? options.signal.reason : cause
      if (cause instanceof StsFetchError) reject(cause)
      else if (isUntrusted)
        reject(
          new StsFetchError('sts-webpki-invalid', 'the certificate of the policy host is not valid', {
            cause: why,
          }),
        )
      else reject(new StsFetchError('sts-policy-fetch-error', 'the policy cannot be fetched', { cause: why }))
    }
    const asking = request(options, (response) => {
      readText(response)
        .then(resolve, failed)
        .finally(() => asking.destroy())
    })
    asking.on('socket', (given) => {
      socket = given as TLSSocket
    })
    asking.on('error', failed)
    asking.end()
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const { statusCode, headers } = response
  if (statusCode !== 200)
    throw new StsFetchError('sts-policy-fetch-error', `the policy host answers ${statusCode ?? 'nothing'}`)
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== 'text/plain')
    throw new StsFetchError('sts-policy-invalid', 'the policy is not text/plain')
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > longestPolicy)
      throw new StsFetchError('sts-policy-invalid', `the policy is longer than ${longestPolicy} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
