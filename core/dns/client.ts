import { randomInt } from 'node:crypto'
import type { Answer } from 'dns-packet'
import type { Clock } from '../clock.ts'
import { type Exchange, exchangeFailure, overTcp, overUdp } from './exchange.ts'
import { encodeQuestion, type QuestionType, type Response, readResponse } from './message.ts'
import type { DnsServer } from './servers.ts'

/** What the servers say of a name, or that they could not be asked. */
export type Told =
  | {
      readonly kind: 'told'
      /** The name does not exist (RFC 2308 §2.1). */
      readonly nameMissing: boolean
      /** All of it, an absence too, was validated with DNSSEC by a server that we believe. */
      readonly secure: boolean
      /** Of the answer section, in any order. */
      readonly records: readonly Answer[]
      /** Seconds, where the absence of records comes with a SOA record. */
      readonly negativeTtl: number | undefined
      readonly octets: number
    }
  | { readonly kind: 'failed'; readonly text: string }

/** Asks resolvers; keeps nothing. */
export interface DnsClient {
  ask(name: string, type: QuestionType): Promise<Told>
}

export interface DnsClientOptions {
  readonly clock: Clock
  readonly servers: () => readonly DnsServer[]
}

// A server has longer in the second round: it may still be asking others. As in resolv.conf, there are two.
const timeouts: readonly number[] = [3_000, 5_000]
// Less than a tap has, so that it can say what went wrong.
const allInAll = 20_000
// Questions at the same time; those beyond them wait for their turn.
const mostAtOnce = 256
// One that has no answer after so many milliseconds lets others have its turn, up to so many: names whose servers are dead delay no others.
const slowAfter = 500
const mostSlow = 2_048

/**
 * A stub resolver (RFC 1034 §5.3.1): asks one server after the other, over UDP and, where the response is too long for that, TCP. A server
 * that fails (SERVFAIL, REFUSED) may know less than the next one, which is asked, too.
 */
export function createDnsClient({ clock, servers }: DnsClientOptions): DnsClient {
  const turns = new Turns(clock)
  const ask = async (name: string, type: QuestionType): Promise<Told> => {
    const start = clock.monotonic()
    let text = 'no server is known'
    for (const timeout of timeouts)
      for (const server of servers()) {
        const left = allInAll - (clock.monotonic() - start)
        if (left <= 0) return { kind: 'failed', text }
        try {
          const response = await respond({ server, clock, timeout: Math.min(timeout, left) }, name, type)
          const told = tell(response, server)
          if (told.kind === 'told') return told
          text = told.text
        } catch (error) {
          text = exchangeFailure(error)
        }
      }
    return { kind: 'failed', text }
  }
  return { ask: (name, type) => turns.take(() => ask(name, type)) }
}

type Asking = Pick<Exchange<unknown>, 'server' | 'clock' | 'timeout'>

async function respond(asking: Asking, name: string, type: QuestionType): Promise<Response> {
  const response = await exchange(asking, name, type, true)
  // RFC 6891 §7: a server that does not know EDNS.
  if (response.status !== 'FORMERR' && response.status !== 'NOTIMP') return response
  return exchange(asking, name, type, false)
}

async function exchange(asking: Asking, name: string, type: QuestionType, edns: boolean): Promise<Response> {
  const question = { id: randomInt(65_536), name, type }
  const packet = encodeQuestion(question, edns)
  const read = (received: Buffer) => {
    const response = readResponse(received, question)
    return response === 'foreign' ? undefined : response
  }
  const overDatagrams = await overUdp({ ...asking, packet, read })
  const response =
    overDatagrams !== 'malformed' && overDatagrams.truncated
      ? await overTcp({ ...asking, packet, read })
      : overDatagrams
  if (response === 'malformed' || response.truncated)
    return {
      truncated: false,
      status: 'malformed response',
      authenticated: false,
      records: [],
      negativeTtl: undefined,
      octets: 0,
    }
  return response
}

function tell(response: Response, server: DnsServer): Told {
  const { status, authenticated, records, negativeTtl, octets } = response
  if (status !== 'NOERROR' && status !== 'NXDOMAIN') return { kind: 'failed', text: status }
  return {
    kind: 'told',
    nameMissing: status === 'NXDOMAIN',
    secure: authenticated && server.trusted,
    records,
    negativeTtl,
    octets,
  }
}

/** Lets so many work at the same time, and more where many are slow; the others wait in the order in which they came. */
class Turns {
  readonly #clock: Clock
  #free = mostAtOnce
  #slow = 0
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    let isSlow = false
    const timer = this.#clock.after(slowAfter, () => {
      if (this.#slow >= mostSlow) return
      isSlow = true
      this.#slow++
      this.#leave()
    })
    try {
      return await work()
    } finally {
      timer.cancel()
      if (isSlow) this.#slow--
      else this.#leave()
    }
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
