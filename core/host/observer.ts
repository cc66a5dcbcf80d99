import type { Clock } from '../clock.ts'
import { errorText } from '../errors.ts'
import type { Log } from '../log.ts'
import { formatReply, type Reply, replyFault } from '../model/reply.ts'
import type { History } from '../services/history.ts'
import type { HookObserver, HookSubject } from './hook-point.ts'

/** Writes what taps answered into the history, and what failed into the log too. */
export function createObserver(history: () => History, log: Log, clock: Clock): HookObserver {
  const ids = ({ session, transaction }: HookSubject) => ({
    ...(session === undefined ? {} : { session }),
    ...(transaction === undefined ? {} : { transaction }),
  })
  return {
    answered(hook, by, answer, milliseconds, subject) {
      // Inspections are recorded as findings, by the flow, which adds them up.
      if (hook === 'data.inspect') return
      const text = answerText(answer)
      history().record({
        at: clock.now(),
        verb: 'verdict',
        ...ids(subject),
        hook,
        by,
        text,
        milliseconds: rounded(milliseconds),
      })
    },
    failed(hook, by, error, milliseconds, subject) {
      const text = errorText(error)
      history().record({
        at: clock.now(),
        verb: 'fault',
        ...ids(subject),
        hook,
        by,
        text,
        milliseconds: rounded(milliseconds),
      })
      log.error('hook-failed', { ...ids(subject), hook, tap: by, error })
    },
    late(hook, by, subject) {
      log.warn('late-answer', { ...ids(subject), hook, tap: by })
    },
  }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
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
