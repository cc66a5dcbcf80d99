import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Address, canonicalDomain, formatAddress, hasCommonLength, parseAddress } from 'mailwright'
import type { SrsOptions } from './options.ts'

export interface SrsSettings
  extends Pick<SrsOptions, 'hash' | 'hashLength' | 'minHashLength' | 'maxAge' | 'separator'> {
  /** The domain of rewritten addresses. */
  readonly domain: string
  /** The first signs, all verify. */
  readonly secrets: readonly string[]
}

/** What an address that looks rewritten turns out to be. */
export type Reversed =
  | { readonly kind: 'address'; readonly address: Address }
  /** It was ours, too long ago. */
  | { readonly kind: 'expired' }
  /** Nobody who knows the secret has made it. */
  | { readonly kind: 'forged' }

const day = 86_400_000
/** The time stamp counts so many days, and begins anew. */
const period = 1_024
const timeDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const rewritten = /^SRS[01][-+=]/i
const first = /^SRS0[-+=]([^=]+)=([A-Z2-7]{2})=([^=]+)=(.+)$/is
const further = /^SRS1[-+=]([^=]+)=([^=]+)=([-+=].+)$/is
/** An address that another forwarder has made, as far as we can know. */
const foreignFirst = /^SRS0([-+=][^=]+=[A-Z2-7]{2}=[^=]+=.+)$/is

/**
 * The Sender Rewriting Scheme: `SRS0=hash=time=domain=user@ours` for a sender, `SRS1=hash=first==…@ours` for one that a first
 * forwarder has rewritten; octet for octet as libsrs2 and postsrsd write it.
 */
export class SrsAddresses {
  readonly #settings: SrsSettings

  constructor(settings: SrsSettings) {
    this.#settings = settings
  }

  /** The address to send on with; undefined where it would be too long (RFC 5321 §4.5.3.1.1). `now` is in milliseconds. */
  forward({ localPart, domain }: Address, now: number): Address | undefined {
    const { separator } = this.#settings
    const [, again, firstHost = '', rest = ''] = further.exec(localPart) ?? []
    const [, behind] = foreignFirst.exec(localPart) ?? []
    if (again !== undefined) return this.#written(`SRS1${separator}`, [firstHost, rest])
    if (behind !== undefined) return this.#written(`SRS1${separator}`, [domain, behind])
    return this.#written(`SRS0${separator}`, [timeStamp(now), domain, localPart])
  }

  #written(tag: string, parts: readonly string[]): Address | undefined {
    const [secret = ''] = this.#settings.secrets
    const hash = this.#hash(secret, parts, this.#settings.hashLength)
    const localPart = `${tag}${[hash, ...parts].join('=')}`
    if (!hasCommonLength({ localPart })) return undefined
    return parseAddress(formatAddress({ localPart, domain: this.#settings.domain }))
  }

  /** Whom an address was made of; undefined for one of another form. */
  reverse({ localPart }: Address, now: number): Reversed | undefined {
    const [, hash = '', stamp = '', host = '', user = ''] = first.exec(localPart) ?? []
    if (hash !== '') {
      if (!this.#isSigned(hash, [stamp, host, user])) return { kind: 'forged' }
      if (!this.#isFresh(stamp, now)) return { kind: 'expired' }
      return addressOf(user, host)
    }
    const [, firstHash = '', firstHost = '', rest = ''] = further.exec(localPart) ?? []
    if (firstHash !== '')
      return this.#isSigned(firstHash, [firstHost, rest])
        ? addressOf(`SRS0${rest}`, firstHost)
        : { kind: 'forged' }
    return rewritten.test(localPart) ? { kind: 'forged' } : undefined
  }

  /** Servers on the way may have changed the case of letters. */
  #isSigned(hash: string, parts: readonly string[]): boolean {
    if (hash.length < this.#settings.minHashLength) return false
    const given = Buffer.from(hash.toLowerCase())
    return this.#settings.secrets.some((secret) => {
      const made = Buffer.from(this.#hash(secret, parts, hash.length).toLowerCase())
      return made.length === given.length && timingSafeEqual(made, given)
    })
  }

  #hash(secret: string, parts: readonly string[], length: number): string {
    const hmac = createHmac(this.#settings.hash, secret)
    for (const part of parts) hmac.update(lowerCase(part))
    return hmac.digest('base64').replace(/=+$/, '').slice(0, length)
  }

  #isFresh(stamp: string, now: number): boolean {
    const [high = '', low = ''] = stamp.toUpperCase()
    const then = timeDigits.indexOf(high) * 32 + timeDigits.indexOf(low)
    const age = (Math.floor(now / day) - then) % period
    return (age + period) % period <= this.#settings.maxAge
  }
}

/** Of ASCII only, as libsrs2 does it. */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function timeStamp(now: number): string {
  const days = Math.floor(now / day) % period
  return `${timeDigits[days >> 5]}${timeDigits[days & 31]}`
}

/** What was signed and is no address was none when it was signed: with another program, or another limit. */
function addressOf(localPart: string, host: string): Reversed {
  const domain = canonicalDomain(host)
  const address = domain === undefined ? undefined : parseAddress(formatAddress({ localPart, domain }))
  return address === undefined ? { kind: 'forged' } : { kind: 'address', address }
}
