import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { type Clock, errorText, type Resolver } from 'mailwright'
import { tlsPolicy } from 'mailwright/network'
import { lookupBy } from '../resolver-lookup.ts'
import { isPublicAddress } from './public-address.ts'

/** Posts a packed report. Answers why it was not taken, in words; undefined where it was. Does not reject. */
export type ReportPosting = (url: string, report: Buffer, signal?: AbortSignal) => Promise<string | undefined>

export interface ReportPostingOptions {
  readonly resolver: Resolver
  readonly clock: Clock
  /** Path of a PEM file of authorities that are trusted beside the well-known ones and the system's. */
  readonly authorities: string | undefined
  /** Milliseconds for all of it; a minute where absent. */
  readonly timeout?: number
  /** Addresses that may be asked; public ones where absent: the URL is a stranger's. */
  readonly mayReach?: (address: string) => boolean
}

/** Posts by HTTPS (RFC 8460 §5.4): one request, no redirects, a certificate for the host, and nothing read but the status. */
export function httpsPosting({
  resolver,
  clock,
  authorities,
  timeout = 60_000,
  mayReach = isPublicAddress,
}: ReportPostingOptions): ReportPosting {
  const lookup = lookupBy(resolver, mayReach)
  // Made when it is first needed, and once: the system's authorities are many.
  let made: SecureContext | undefined
  return async (text, report, given) => {
    const url = hostedUrl(text)
    if (url === undefined) return 'it is no URL with the name of a host'
    const late = new AbortController()
    const timer = clock.after(timeout, () => late.abort(new Error('it takes too long')))
    const signal = given === undefined ? late.signal : AbortSignal.any([late.signal, given])
    try {
      made ??= await trusting(authorities)
      const status = await post(url, report, { lookup, signal, secureContext: made })
      // RFC 8460 §5.4: typically 200 or 201.
      return status >= 200 && status < 300 ? undefined : `the host answers ${status}`
    } catch (error) {
      return errorText(signal.aborted ? signal.reason : error)
    } finally {
      timer.cancel()
    }
  }
}

/** Undefined for what is none, and for addresses in the place of names: nobody has certificates for these. */
function hostedUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return undefined
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? url : undefined
}

async function trusting(authorities: string | undefined): Promise<SecureContext> {
  const own = authorities === undefined ? [] : [await readFile(authorities, 'utf8')]
  return createSecureContext({
    minVersion: tlsPolicy.minVersion,
    secureOptions: tlsPolicy.secureOptions,
    ca: [...getCACertificates('default'), ...getCACertificates('system'), ...own],
  })
}

/** The status of the answer. */
function post(
  url: URL,
  report: Buffer,
  settings: {
    readonly lookup: ReturnType<typeof lookupBy>
    readonly signal: AbortSignal
    readonly secureContext: SecureContext
  },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/tlsrpt+gzip', 'content-length': report.length }
    const asking = request(url, { ...settings, method: 'POST', headers, agent: false }, (response) => {
      resolve(response.statusCode ?? 0)
      asking.destroy()
    })
    asking.on('error', reject)
    asking.end(report)
  })
}
