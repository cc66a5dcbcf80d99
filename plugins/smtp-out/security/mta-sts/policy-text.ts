/** What a domain has published of how its mail is to be delivered (RFC 8461 §3.2). */
export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none'
  /** Seconds. */
  readonly maxAge: number
  /** Host names, lower case; `*.example.org` is any name one label below. */
  readonly mx: readonly string[]
}

// RFC 8461 §3.2: about a year.
const longestAge = 31_557_600
const mostHosts = 1_000
const hostPattern = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*$/

/** Reads a policy as it was fetched; a text says what is wrong with it. Of a field that may stand once the first counts. */
export function parseStsPolicy(text: string): StsPolicy | string {
  const fields = new Map<string, string>()
  const mx: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon < 0) {
      if (line.trim() !== '') return 'a line is no field'
      continue
    }
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    if (name === 'mx') mx.push(value.toLowerCase())
    else if (!fields.has(name)) fields.set(name, value)
  }
  if (fields.get('version') !== 'STSv1') return 'its version is not STSv1'
  const mode = fields.get('mode')
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return 'it has no known mode'
  const age = fields.get('max_age') ?? ''
  if (!/^\d{1,10}$/.test(age)) return 'it has no max_age'
  if (mx.length === 0 && mode !== 'none') return 'it names no mx'
  if (mx.length > mostHosts || !mx.every((host) => host.length <= 255 && hostPattern.test(host)))
    return 'an mx is no host name'
  return { mode, maxAge: Math.min(Number(age), longestAge), mx }
}

/** Whether a policy lists a host (RFC 8461 §4.1). A host's name is canonical. */
export function listsHost(policy: StsPolicy, host: string): boolean {
  const dot = host.indexOf('.')
  const above = dot <= 0 ? undefined : `*${host.slice(dot)}`
  return policy.mx.some((pattern) => pattern === host || pattern === above)
}

/**
 * The id of the policy of a domain, from the TXT records at `_mta-sts.DOMAIN` (RFC 8461 §3.1). Undefined where there is none, or more than
 * one.
 */
export function stsPolicyId(records: readonly string[]): string | undefined {
  const [record, ...more] = records.filter((each) => each.startsWith('v=STSv1;'))
  if (record === undefined || more.length > 0) return undefined
  for (const field of record.split(';').slice(1)) {
    const [, id] = /^\s*id\s*=\s*([a-z0-9]{1,32})\s*$/i.exec(field) ?? []
    if (id !== undefined) return id
  }
  return undefined
}
