import type { DnsAnswer } from 'mailwright'

// Beyond that somebody wants us to send mail to others.
const most = 10

/**
 * Where a domain wants its reports: the `rua` of the TXT record at `_smtp._tls.DOMAIN` (RFC 8460 §3), `mailto:` and `https:` only. Empty
 * where it wants none; undefined where DNS does not answer.
 */
export function reportAddresses(answer: DnsAnswer<string>): readonly string[] | undefined {
  if (answer.kind === 'failed') return undefined
  const records =
    answer.kind === 'found' ? answer.records.filter((text) => /^v=TLSRPTv1(;|\s|$)/.test(text)) : []
  const [record, ...more] = records
  if (record === undefined || more.length > 0) return []
  const fields = record.split(';').map((field) => field.trim())
  const rua = fields.find((field) => /^rua\s*=/.test(field))
  const addresses = rua?.slice(rua.indexOf('=') + 1).split(',') ?? []
  return addresses
    .map((address) => address.trim())
    .filter((address) => /^(?:mailto:|https:\/\/)[\x21-\x7e]+$/i.test(address))
    .slice(0, most)
}
