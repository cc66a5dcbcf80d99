import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import {
  canonicalAddress,
  type MxRecord,
  networksInclude,
  parseNetwork,
  type Resolver,
  reply,
  replyText,
} from 'mailwright'
import type { AddressFamily } from '../options.ts'
import { type Undelivered, undelivered, unreachable } from '../outcome.ts'
import type { Candidate } from '../security/requirement.ts'
import type { Destination } from './destination.ts'
import { addressesOf, type HostAddresses } from './host-addresses.ts'

/** A host that may take the mail, and its IP addresses in the order in which they are tried. */
export interface MailHost {
  readonly candidate: Candidate
  readonly addresses: readonly string[]
}

/** The hosts of a destination, the best first; or why there is none. `isFinal`: nobody else is to have its mail. */
export type HostsAnswer = { readonly isFinal?: true } & (
  | { readonly ok: true; readonly hosts: readonly MailHost[] }
  | { readonly ok: false; readonly outcome: Undelivered }
)

export interface MailHostsSettings {
  readonly resolver: Resolver
  /** Our own names: an MX that is called so is we. */
  readonly hostnames: readonly string[]
  readonly addresses: AddressFamily
  /** Ours, beside those of the interfaces. */
  readonly publicAddresses: readonly string[]
  /** From 0 to below 1, for the order of what is equal. */
  random(): number
}

/** Hosts of one domain that may be asked. */
const mostHosts = 20
/** Those whose addresses are looked for, since one of them may be we. The names of all are looked at. */
const mostSought = 100
const unsought: HostAddresses = { addresses: [], failed: true }
const smtpPort = 25
/** RFC 6890 §2.2.2: what any machine takes for itself. */
const thisMachine = ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'].flatMap(
  (text) => parseNetwork(text) ?? [],
)

/** A named host, with how much it is preferred. */
interface Named {
  readonly host: string
  readonly preference: number
}

/** Finds the hosts of a destination, as RFC 5321 §5.1 has it. */
export class MailHosts {
  readonly #settings: MailHostsSettings

  constructor(settings: MailHostsSettings) {
    this.#settings = settings
  }

  async find(destination: Destination): Promise<HostsAnswer> {
    const { host, useMx, isConfigured } = destination
    const literal = literalAddress(host)
    if (literal !== undefined) {
      const isLoop = !isConfigured && this.#isOurselves(host, destination.port, [literal])
      return isLoop ? loop(host) : known(destination, [literal], isConfigured)
    }
    if (!useMx) return this.#addressesOnly(destination, true, isConfigured)
    const answer = await this.#settings.resolver.mx(host)
    if (answer.kind === 'failed') return dnsFailed(`The MX of ${host} cannot be found out now`)
    if (answer.kind === 'none' && !answer.nameExists)
      return noSuchDomain(destination, `The domain ${host} does not exist`)
    // RFC 5321 §5.1: where there are MX, the domain's own address is not for its mail.
    if (answer.kind === 'none' && answer.unusable === true) return noHost(host, isConfigured)
    if (answer.kind === 'none') return this.#addressesOnly(destination, false, answer.secure === true)
    // RFC 7505 §3: a null MX is alone; §4.1: 556 is for what is to be relayed there.
    if (answer.records.every(({ exchange }) => exchange === '')) return final(refused(nullMx(host)))
    return this.#exchangers(destination, answer.records, answer.secure)
  }

  /** The host itself: a configured one, or a domain without MX (RFC 5321 §5.1, "implicit MX"). */
  async #addressesOnly(destination: Destination, isHost: boolean, isSecure: boolean): Promise<HostsAnswer> {
    const { host, port, isConfigured } = destination
    const found = await this.#lookUp(host)
    if (found.addresses.length > 0) {
      if (!isHost && this.#isOurselves(host, port, found.addresses)) return loop(host)
      return known(destination, found.addresses, isSecure)
    }
    const text = isHost ? `The host ${host} has no address` : `The domain ${host} has neither MX nor address`
    if (found.failed) return dnsFailed(`The addresses of ${host} cannot be found out now`)
    return isConfigured ? dnsFailed(text) : refused(unreachable('dns', '5.4.4', text))
  }

  async #exchangers(
    destination: Destination,
    records: readonly MxRecord[],
    isSecure: boolean,
  ): Promise<HostsAnswer> {
    const { host: domain, port, isConfigured } = destination
    const named = this.#ordered(records)
    const found = await Promise.all(
      named.map(async (one, index) => ({
        ...one,
        ...(index < mostSought ? await this.#lookUp(one.host) : unsought),
      })),
    )
    const own = found.find((one) => this.#isOurselves(one.host, port, one.addresses))
    // RFC 5321 §5.1: what is not better than we are would only send it back.
    const better = own === undefined ? found : found.filter(({ preference }) => preference < own.preference)
    if (own !== undefined && better.length === 0) return loop(domain)
    const hosts = better
      .filter(({ addresses }) => addresses.length > 0)
      .slice(0, mostHosts)
      .map(({ host, addresses }) => ({ candidate: { host, port, secure: isSecure }, addresses }))
    const answer =
      hosts.length > 0
        ? { ok: true as const, hosts }
        : noAddress(domain, isConfigured || better.some(({ failed }) => failed))
    return own === undefined ? answer : final(answer)
  }

  /** By preference, at random where that is equal, each host once. */
  #ordered(records: readonly MxRecord[]): readonly Named[] {
    const drawn = records
      .filter(({ exchange }) => exchange !== '')
      .map(({ exchange, preference }) => ({ host: exchange, preference, lot: this.#settings.random() }))
      .sort((one, other) => one.preference - other.preference || one.lot - other.lot)
    return drawn.filter((one, index) => drawn.findIndex(({ host }) => host === one.host) === index)
  }

  #lookUp(host: string): Promise<HostAddresses> {
    const { resolver, addresses, random } = this.#settings
    return addressesOf(host, resolver, addresses, random)
  }

  #isOurselves(host: string, port: number, addresses: readonly string[]): boolean {
    if (this.#settings.hostnames.includes(host)) return true
    // What listens on another port of this machine is another server.
    if (port !== smtpPort) return false
    const own = new Set(this.#settings.publicAddresses.map(canonicalAddress))
    for (const entries of Object.values(networkInterfaces()))
      for (const { address } of entries ?? []) own.add(canonicalAddress(address))
    return addresses.some(
      (address) => own.has(canonicalAddress(address)) || networksInclude(thisMachine, address),
    )
  }
}

/** `192.0.2.1`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`. */
function literalAddress(host: string): string | undefined {
  const address = host.replace(/^\[(?:IPv6:)?(.*)\]$/i, '$1')
  return isIP(address) === 0 ? undefined : address
}

function known({ host, port }: Destination, addresses: readonly string[], secure: boolean): HostsAnswer {
  return { ok: true, hosts: [{ candidate: { host, port, secure }, addresses }] }
}

function nullMx(domain: string): Undelivered {
  const text = replyText(`The domain ${domain} takes no mail (null MX)`)
  return undelivered(reply(556, '5.1.10', text), { cause: 'no-mail', concerns: 'destination' })
}

function noHost(domain: string, isConfigured: boolean): HostsAnswer {
  const text = `No MX of ${domain} is the name of a host`
  return isConfigured ? dnsFailed(text) : refused(unreachable('dns', '5.4.4', text))
}

function noAddress(domain: string, mayCome: boolean): HostsAnswer {
  const text = `No MX of ${domain} has an address`
  return mayCome ? dnsFailed(`${text} that can be found out now`) : refused(unreachable('dns', '5.4.4', text))
}

/** A fall-back host would only send it back to us, or to somebody who takes no mail. */
function final(answer: HostsAnswer): HostsAnswer {
  return { ...answer, isFinal: true }
}

function refused(outcome: Undelivered): HostsAnswer {
  return { ok: false, outcome }
}

function dnsFailed(text: string): HostsAnswer {
  return refused(unreachable('dns', '4.4.3', text))
}

function noSuchDomain({ isConfigured }: Destination, text: string): HostsAnswer {
  return isConfigured ? dnsFailed(text) : refused(unreachable('no-such-address', '5.1.2', text))
}

function loop(domain: string): HostsAnswer {
  const text = `The mail for ${domain} would come back here: we are its best MX`
  return final(refused(unreachable('dns', '5.4.6', text)))
}
