import { isIP } from 'node:net'
import { type OptionReader, parseDomainPattern, readOptions } from 'mailwright'

/** How fast some hosts are given mail. */
export interface LimitInput {
  /** Hosts, as MX records and the config name them: `mx.example.net`, `.example.net` for all names below by any number of labels. Any where absent. */
  readonly hosts?: readonly string[]
  /** Domains of recipients, and relay hosts, in the same way. Any where absent. */
  readonly domains?: readonly string[]
  /** What is counted for itself: each host, or each domain. All that fit are counted together where absent. */
  readonly each?: 'host' | 'domain'
  /** Connections at a time, of one process. `connections.perHost` alone where absent. */
  readonly connections?: number
  /** Messages in a time, evenly: `30/1m`. Any number where absent. */
  readonly messages?: string
  /** So many of them may go at once after a pause. 1 */
  readonly burst?: number
}

/** Messages, one after the other. */
export interface MessageRate {
  /** Milliseconds from one to the next. */
  readonly interval: number
  /** How many may go at once when none has gone for long. */
  readonly burst: number
}

/** The same, checked. */
export interface Limit {
  /** The same in every process with the same config. */
  readonly name: string
  /** Undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined
  readonly domains: ReadonlySet<string> | undefined
  readonly each: 'host' | 'domain' | undefined
  readonly connections: number | undefined
  readonly rate: MessageRate | undefined
}

// Longer times between two messages are a queue that is held.
const longest = 86_400_000

export function readLimit(read: OptionReader): Limit {
  const limit = {
    hosts: readNames(read, 'hosts'),
    domains: readNames(read, 'domains'),
    each: read.value('each') === undefined ? undefined : read.choice('each', ['host', 'domain'] as const),
    connections:
      read.value('connections') === undefined
        ? undefined
        : read.integer('connections', { min: 1, max: 10_000 }),
    rate: readRate(read),
  }
  const { hosts, domains, each } = limit
  return { ...limit, name: JSON.stringify([[...(hosts ?? [])], [...(domains ?? [])], each ?? null]) }
}

function readNames(read: OptionReader, name: string): ReadonlySet<string> | undefined {
  if (read.value(name) === undefined) return undefined
  return new Set(
    read.strings(name).flatMap((text) => {
      const key = isIP(text) === 0 ? parseDomainPattern(text)?.key : text
      if (key === undefined)
        read.fault(name, `"${text}" is no name such as "mx.example.net", or ".example.net" for those below`)
      return key ?? []
    }),
  )
}

function readRate(read: OptionReader): MessageRate | undefined {
  const burst = read.integer('burst', { default: 1, min: 1, max: 100_000 })
  const text = read.optionalString('messages')
  if (text === undefined) {
    if (read.value('burst') !== undefined) read.fault('burst', 'belongs to `messages`')
    return undefined
  }
  const interval = intervalOf(text)
  if (interval === undefined)
    read.fault(
      'messages',
      'must be a rate such as "30/1m" or "100/h", with a day from one to the next at most',
    )
  return { interval: interval ?? longest, burst }
}

/** Milliseconds from one to the next. */
function intervalOf(text: string): number | undefined {
  const [, most = '', per = ''] = /^([1-9]\d{0,8})\/(\d*(?:ms|s|m|h|d))$/.exec(text) ?? []
  if (most === '') return undefined
  try {
    const read = readOptions({ per: /^\d/.test(per) ? per : `1${per}` })
    const interval = read.done(read.duration('per', { min: 1_000 })) / Number(most)
    return interval > longest ? undefined : interval
  } catch {
    return undefined
  }
}
