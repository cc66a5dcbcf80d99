import type { Failed, Outcome } from '../model/delivery.ts'
import { notNow, notWithoutOthers } from '../model/outcome.ts'
import { formatReply } from '../model/reply.ts'

/** What is known beside the reply, for the history and the log. */
export function causesOf(outcome: Outcome): Pick<Failed, 'cause' | 'lastCause'> {
  if (outcome.kind === 'delivered') return {}
  const { cause, lastCause } = outcome
  return { ...(cause === undefined ? {} : { cause }), ...(lastCause === undefined ? {} : { lastCause }) }
}

/** In one line, with who said so. */
export function outcomeText(outcome: Outcome): string {
  if (outcome.kind === 'delivered') return outcome.text
  const said = formatReply(outcome.reply).replaceAll('\r\n', ' / ')
  return outcome.place === undefined ? said : `${outcome.place} said: ${said}`
}

/** A recipient with several destinations is delivered when all are. */
export function worst(outcomes: readonly Outcome[]): Outcome {
  return (
    outcomes.find((outcome) => outcome.kind === 'deferred' && outcome.reply !== notWithoutOthers.reply) ??
    outcomes.find((outcome) => outcome.kind !== 'delivered' && outcome.reply !== notWithoutOthers.reply) ??
    outcomes.find((outcome) => outcome.kind !== 'delivered') ??
    outcomes[0] ??
    notNow
  )
}
