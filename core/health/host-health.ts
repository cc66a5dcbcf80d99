import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PeerAnswers, Peers } from '../workers/peers.ts'
import { AskedCheck } from './asked-check.ts'
import type { Health, HealthReport, HealthResult, HealthState } from './health.ts'

const usualTimeout = 2_000
// Whoever supervises a server wants to know soon.
const longestTimeout = 5_000

/** What the health of a host needs. */
export interface HostHealthParts {
  readonly clock: Clock
  readonly log: Log
  /** The other workers, where there are some. */
  readonly peers: Peers | undefined
}

/** The checks of one host and its plugins; see {@link Health}. */
export class HostHealth {
  readonly #parts: HostHealthParts
  readonly #checks: AskedCheck[] = []

  constructor(parts: HostHealthParts) {
    this.#parts = parts
  }

  /** As one plugin sees it. */
  facade(plugin: string): Health {
    const { clock, log } = this.#parts
    return {
      check: (step, ask, { timeout = usualTimeout } = {}) => {
        const name = `${plugin}/${step}`
        const refuse = (problem: string) => {
          throw new MailwrightError('MAIL_E_SETUP', `the check ${name} cannot be added: ${problem}`)
        }
        if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(step)) refuse('it is named in lower case, with hyphens')
        if (this.#checks.some((other) => other.name === name)) refuse('there is one of that name already')
        if (!(timeout > 0 && timeout <= longestTimeout))
          refuse(`its timeout is not a number of milliseconds up to ${longestTimeout}`)
        this.#checks.push(new AskedCheck({ name, timeout, clock, log, ask }))
      },
      report: () => this.report(),
    }
  }

  /** What this process alone says. Never rejects. */
  own(): Promise<readonly HealthResult[]> {
    return Promise.all(this.#checks.map((check) => check.result()))
  }

  async report(): Promise<HealthReport> {
    const own = await this.own()
    const { peers } = this.#parts
    if (peers === undefined) return reportOf([own])
    try {
      const told = await peers.ask('health', own)
      return reportOf([own, ...(told.answers as readonly (readonly HealthResult[])[]), [workersResult(told)]])
    } catch {
      const reason = 'the process that keeps the workers does not answer'
      return reportOf([own, [{ name: 'core/workers', state: 'fail', reason, milliseconds: 0 }]])
    }
  }
}

function workersResult({ silent, starting }: PeerAnswers): HealthResult {
  const result = { name: 'core/workers', milliseconds: 0 }
  if (silent > 0) return { ...result, state: 'fail', reason: `workers that do not answer: ${silent}` }
  if (starting > 0) return { ...result, state: 'warn', reason: `workers that are being started: ${starting}` }
  return { ...result, state: 'pass' }
}

const states: readonly HealthState[] = ['pass', 'warn', 'fail']

function reportOf(answers: readonly (readonly HealthResult[])[]): HealthReport {
  const worst = new Map<string, HealthResult>()
  for (const result of answers.flat()) {
    const before = worst.get(result.name)
    if (before === undefined || rank(result) > rank(before)) worst.set(result.name, result)
  }
  const checks = [...worst.values()]
  return { state: states[Math.max(0, ...checks.map(rank))] ?? 'fail', checks }
}

function rank({ state }: HealthResult): number {
  return states.indexOf(state)
}
