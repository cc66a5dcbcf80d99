import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { TlsaRecord } from 'mailwright'
import { subjectPublicKeyInfo } from './spki.ts'

/** RFC 7218 §2.1: the certificate usages that mean something between mail servers (RFC 7672 §3.1). */
export const usages = { trustAnchor: 2, endEntity: 3 } as const
const wholeCertificate = 0
const publicKey = 1
const full = 0
const digests: Readonly<Record<number, { readonly name: string; readonly octets: number }>> = {
  1: { name: 'sha256', octets: 32 },
  2: { name: 'sha512', octets: 64 },
}

// Each is compared with each certificate of a chain.
const mostRecords = 64

/**
 * The records by which a server can be known (RFC 7672 §3.1): DANE-TA and DANE-EE with a known selector and matching type, and data that
 * can be what it says. Of digests only the strongest of each usage and selector counts (RFC 7671 §9).
 */
export function usableRecords(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  const usable = records.slice(0, mostRecords).filter(isUsable)
  return usable.filter(
    (record) =>
      record.matchingType === full ||
      usable.every(
        ({ usage, selector, matchingType }) =>
          usage !== record.usage || selector !== record.selector || matchingType <= record.matchingType,
      ),
  )
}

/** Whether a record is about this certificate (RFC 6698 §2.1). */
export function matches(record: TlsaRecord, certificate: Buffer): boolean {
  const selected = record.selector === publicKey ? subjectPublicKeyInfo(certificate) : certificate
  if (selected === undefined) return false
  const digest = digests[record.matchingType]
  if (digest === undefined) return record.matchingType === full && record.data.equals(selected)
  return createHash(digest.name).update(selected).digest().equals(record.data)
}

/** Whether a record holds a whole certificate. */
export function isWholeCertificate(record: TlsaRecord): boolean {
  return record.selector === wholeCertificate && record.matchingType === full
}

/** Whether a record holds a public key itself. */
export function isWholeKey(record: TlsaRecord): boolean {
  return record.selector === publicKey && record.matchingType === full
}

function isUsable(record: TlsaRecord): boolean {
  const { usage, selector, matchingType, data } = record
  if (usage !== usages.trustAnchor && usage !== usages.endEntity) return false
  if (selector !== wholeCertificate && selector !== publicKey) return false
  if (matchingType !== full) return digests[matchingType]?.octets === data.length
  try {
    if (selector === wholeCertificate) new X509Certificate(data)
    else createPublicKey({ key: data, format: 'der', type: 'spki' })
    return true
  } catch {
    return false
  }
}
