import { networksInclude, type Session } from 'mailwright'
import type { RelayOptions } from './options.ts'

/** What counts of a session. */
export type Client = Pick<Session, 'role' | 'remote' | 'tls' | 'account' | 'ownClient'>

type Grounds = Pick<RelayOptions, 'networks' | 'accounts' | 'clientCertificates' | 'local'>

/** Why a client may send anywhere, for the history; undefined where it may not. */
export function groundOf(client: Client, options: Grounds): string | undefined {
  if (client.role === 'local') return options.local ? 'relay for a program of this machine' : undefined
  // Mail by LMTP is for final delivery (RFC 2033 §4.1); the other roles bring none.
  if (client.role !== 'transfer' && client.role !== 'submission') return undefined
  return (
    accountGround(client, options) ?? certificateGround(client, options) ?? networkGround(client, options)
  )
}

function accountGround({ account }: Client, { accounts }: Grounds): string | undefined {
  if (account === undefined) return undefined
  return accounts === 'all' || accounts.has(account.address) ? 'relay for an authenticated user' : undefined
}

function certificateGround({ tls }: Client, { clientCertificates }: Grounds): string | undefined {
  const certificate = tls?.clientCertificate
  if (certificate === undefined) return undefined
  const { fingerprints, subjects, anyVerified } = clientCertificates
  if (fingerprints.has(certificate.fingerprint256)) return 'relay for a known client certificate'
  if (!certificate.verified) return undefined
  return anyVerified || subjects.has(certificate.subject)
    ? 'relay for a verified client certificate'
    : undefined
}

function networkGround({ remote }: Client, { networks }: Grounds): string | undefined {
  return networksInclude(networks, remote.address) ? 'relay for a client in our networks' : undefined
}
