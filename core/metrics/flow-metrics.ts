import type { Clock } from '../clock.ts'
import type { Outcome, Route } from '../model/delivery.ts'
import type { SessionRole } from '../model/session.ts'
import type { Counter, Gauge, Histogram, Labelled, Metrics } from './metrics.ts'

// From at once to the five days after which mail is given up.
const delayBuckets: readonly number[] = [0.1, 1, 5, 30, 60, 300, 1_800, 3_600, 21_600, 86_400, 432_000]

/** How a login ended: `refused` by a check or for a wrong channel, `unavailable` where it could not be verified. */
export type LoginOutcome = 'ok' | 'failed' | 'refused' | 'unavailable'

/** What is counted of sessions, messages and deliveries on their way. */
export class FlowMetrics {
  readonly #open: Labelled<Gauge, readonly ['role']>
  readonly #sessions: Labelled<Counter, readonly ['role']>
  readonly #secured: Labelled<Counter, readonly ['role', 'version']>
  readonly #logins: Labelled<Counter, readonly ['role', 'outcome']>
  readonly #recipients: Labelled<Counter, readonly ['role', 'reply']>
  readonly #leftOut: Labelled<Counter, readonly ['role']>
  readonly #transactions: Labelled<Counter, readonly ['role', 'reply']>
  readonly #accepted: Labelled<Counter, readonly ['role']>
  readonly #deliveries: Labelled<Counter, readonly ['route', 'outcome']>
  readonly #troubles: Labelled<Counter, readonly ['route', 'outcome', 'cause']>
  readonly #delay: Labelled<Histogram, readonly ['route']>
  readonly #clock: Clock

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock
    const counter = <const Labels extends readonly string[]>(name: string, help: string, labels: Labels) =>
      metrics.counter({ name, help, labels })
    this.#open = metrics.gauge({
      name: 'mailwright_sessions_open',
      help: 'Sessions that are open now.',
      labels: ['role'],
    })
    this.#sessions = counter('mailwright_sessions_total', 'Sessions that were opened.', ['role'])
    this.#secured = counter('mailwright_sessions_secured_total', 'Sessions that have begun TLS.', [
      'role',
      'version',
    ])
    this.#logins = counter('mailwright_logins_total', 'Logins, by how they ended.', ['role', 'outcome'])
    this.#recipients = counter('mailwright_recipients_total', 'Answers to RCPT.', ['role', 'reply'])
    this.#leftOut = counter(
      'mailwright_recipients_left_out_total',
      'Recipients whom a plugin added, a copy say, and to whom nothing led: messages went on without them.',
      ['role'],
    )
    this.#transactions = counter('mailwright_transactions_total', 'Transactions, by how they ended.', [
      'role',
      'reply',
    ])
    this.#accepted = counter('mailwright_accepted_bytes_total', 'Octets of the messages that were taken.', [
      'role',
    ])
    this.#deliveries = counter('mailwright_deliveries_total', 'What became of deliveries that were tried.', [
      'route',
      'outcome',
    ])
    this.#troubles = counter(
      'mailwright_delivery_troubles_total',
      'Deliveries that were tried and did not succeed, by why; other where that is not known.',
      ['route', 'outcome', 'cause'],
    )
    this.#delay = metrics.histogram({
      name: 'mailwright_delivery_delay_seconds',
      help: 'From the arrival of a message to the end of its delivery.',
      labels: ['route'],
      buckets: delayBuckets,
    })
  }

  opened(role: SessionRole): void {
    this.#sessions.of(role).add()
    this.#open.of(role).add(1)
  }

  closed(role: SessionRole): void {
    this.#open.of(role).add(-1)
  }

  secured(role: SessionRole, version: string): void {
    this.#secured.of(role, version).add()
  }

  login(role: SessionRole, outcome: LoginOutcome): void {
    this.#logins.of(role, outcome).add()
  }

  recipient(role: SessionRole, code: number): void {
    this.#recipients.of(role, replyClass(code)).add()
  }

  leftOut(role: SessionRole): void {
    this.#leftOut.of(role).add()
  }

  /** Its last reply's code; undefined where the client gave up before there was one. */
  transaction(role: SessionRole, code: number | undefined): void {
    this.#transactions.of(role, code === undefined ? 'none' : replyClass(code)).add()
  }

  accepted(role: SessionRole, octets: number): void {
    this.#accepted.of(role).add(octets)
  }

  /** `arrived` in milliseconds since 1970, where it is known. */
  delivery(route: Route['kind'], outcome: Outcome, arrived: number | undefined): void {
    this.#deliveries.of(route, outcome.kind).add()
    if (outcome.kind !== 'delivered') {
      if (outcome.kind === 'failed' || outcome.untried !== true)
        this.#troubles.of(route, outcome.kind, outcome.cause ?? 'other').add()
      return
    }
    if (arrived === undefined) return
    this.#delay.of(route).observe((this.#clock.now() - arrived) / 1000)
  }
}

/** Such as `2xx`. */
function replyClass(code: number): string {
  return `${Math.floor(code / 100)}xx`
}
