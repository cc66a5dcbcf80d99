import type { Decision } from '../host/hook-point.ts'
import { localError, type Reply } from '../model/reply.ts'

/** What a check says to the client; undefined for "go on". A tap that failed is a 451, never acceptance. */
export function refusal(decision: Decision<Reply> | undefined): Reply | undefined {
  if (decision === undefined) return undefined
  return decision.kind === 'fault' ? localError : decision.answer
}
