import type { Clock } from '../clock.ts'
import { errorCode, errorText } from '../errors.ts'
import type { Log } from '../log.ts'
import type { HookMetrics } from '../metrics/hook-metrics.ts'
import { formatReply, type Reply, replyFault } from '../model/reply.ts'
import type { History, HistoryEntry } from '../services/history.ts'
import type { HookObserver, HookSubject } from './hook-point.ts'
import { RepeatedFailures } from './repeated-failures.ts'

/** Writes what taps answered into the history, and what failed into the log too, where it is counted. */
export function createObserver(
  history: () => History,
  log: Log,
  clock: Clock,
  metrics: Pick<HookMetrics, 'fault'>,
): HookObserver {
  const repeated = new RepeatedFailures(clock)
  const record = (
    subject: HookSubject,
    entry: Pick<HistoryEntry, 'verb' | 'hook' | 'by' | 'text' | 'milliseconds'>,
  ) => {
    try {
      history().record({ at: clock.now(), ...ids(subject), ...entry })
    } catch (error) {
      log.error('internal-error', { ...ids(subject), service: 'history', error })
    }
  }
  return {
    answered(hook, by, answer, milliseconds, subject) {
      // Inspections are recorded as findings, by the flow, which adds them up.
      if (hook === 'data.inspect') return
      record(subject, {
        verb: 'verdict',
        hook,
        by,
        text: readableText(answer),
        milliseconds: rounded(milliseconds),
      })
    },
    failed(hook, by, error, milliseconds, subject) {
      // Clients leave while taps are at work, which is no fault of theirs.
      const hasLeft = subject.signal?.aborted === true
      if (!hasLeft) metrics.fault(hook, by, errorCode(error) === 'MAIL_E_TIMEOUT' ? 'timeout' : 'error')
      record(subject, {
        verb: 'fault',
        hook,
        by,
        text: errorText(error),
        milliseconds: rounded(milliseconds),
      })
      // What is not available now fails for every client until it is: a busy server would write of nothing else.
      const isKnown =
        !hasLeft &&
        errorCode(error) === 'MAIL_E_UNAVAILABLE' &&
        repeated.has(`${hook} ${by} ${errorText(error)}`)
      log[hasLeft || isKnown ? 'debug' : 'error']('hook-failed', { ...ids(subject), hook, tap: by, error })
    },
    late(hook, by, subject) {
      // Nobody waits for a tap whose client has left.
      const hasLeft = subject.signal?.aborted === true
      if (!hasLeft) metrics.fault(hook, by, 'late')
      record(subject, {
        verb: 'fault',
        hook,
        by,
        text: 'answered again or too late; the answer does not count',
      })
      log[hasLeft ? 'debug' : 'warn']('late-answer', { ...ids(subject), hook, tap: by })
    },
  }
}

function ids({ session, transaction }: HookSubject): Pick<HistoryEntry, 'session' | 'transaction'> {
  return {
    ...(session === undefined ? {} : { session }),
    ...(transaction === undefined ? {} : { transaction }),
  }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}

/** Of an answer not every part was looked at before, and a getter of a plugin may throw. */
function readableText(answer: unknown): string {
  try {
    return answerText(answer)
  } catch (error) {
    return `an answer that cannot be read: ${errorText(error)}`
  }
}

/** One line for what a tap answered. */
function answerText(answer: unknown): string {
  if (replyFault(answer) === undefined) return formatReply(answer as Reply).replaceAll('\r\n', ' / ')
  if (typeof answer !== 'object' || answer === null) return String(answer)
  const { reason, kind, via, actions } = answer as Record<string, unknown>
  if (typeof reason === 'string') return reason
  if (Array.isArray(actions)) return actions.map(actionText).join(', ') || 'discard'
  if (Array.isArray(answer)) return answer.map(actionText).join(', ')
  return [kind, via].filter((part) => typeof part === 'string').join(' by ')
}

function actionText(action: unknown): string {
  const { kind, mailbox, name } = (action ?? {}) as Record<string, unknown>
  return [kind, mailbox ?? name].filter((part) => typeof part === 'string').join(' ')
}
