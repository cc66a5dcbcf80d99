import type { Header } from 'mailwright'

const longestField = 2_000
const client = /^from ([^\s()]{1,255}) \([^()]{1,300}\) by ([^\s()]{1,255}) /i

/**
 * The host that the message came from, as our own trace field has it (RFC 5321 §4.4); undefined where the topmost field
 * was put on by another system, or by nobody.
 */
export function receivedFrom(header: Header, hostname: string, id: string): string | undefined {
  const trace = header.first('received')?.body.slice(0, longestField).replaceAll(/\s+/g, ' ')
  const [, from, by] = client.exec(trace ?? '') ?? []
  const isOurs = by?.toLowerCase() === hostname.toLowerCase() && trace?.includes(` id ${id}`) === true
  return isOurs ? from : undefined
}
