import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Identity } from '../options.ts'
import type { Login } from '../routing/secret.ts'
import type { OwnCertificate } from '../security/own-certificate.ts'
import type { Candidate, TlsRequirement } from '../security/requirement.ts'

/** What a connection is for. Those who want the same may share one. */
export interface Target {
  /** The domain that the mail is for, or the relay host. */
  readonly domain: string
  readonly candidate: Candidate
  readonly requirement: TlsRequirement
  /** TLS from the first octet. */
  readonly implicitTls: boolean
  readonly login: Login | undefined
  /** What we show to the host. */
  readonly certificate: OwnCertificate | undefined
  readonly identity: Identity & { readonly hostname: string }
}

/** Whom connections are counted for. */
export function hostOf({ candidate: { host, port } }: Target): string {
  return `${host}:${port}`
}

/** The address that a connection to one of a host's addresses comes from; undefined: the system chooses. */
export function sourceOf({ identity }: Target, address: string): string | undefined {
  return address.includes(':') ? identity.ipv6 : identity.ipv4
}

/** The same for connections that fare alike until the host has greeted. */
export function wayTo(target: Target, address: string): string {
  return JSON.stringify([address, target.candidate.port, sourceOf(target, address)])
}

/** The same for targets that may share a connection. */
export function keyOf({ candidate, requirement, ...target }: Target): string {
  const { implicitTls, login, certificate, identity } = target
  const { host, port } = candidate
  const tlsa = requirement.tlsa?.map(({ data, ...one }) => ({ ...one, data: data.toString('base64') }))
  const text = JSON.stringify([
    host,
    port,
    { ...requirement, tlsa },
    implicitTls,
    login,
    certificate,
    identity,
  ])
  return createHash('sha256').update(text).digest('base64')
}

/** A host as replies and the history name it: `mx.example[192.0.2.1]:25`. */
export function placeOf({ host, port }: Candidate, address: string): string {
  return `${isIP(host) === 0 ? host : ''}[${address}]:${port}`
}
