import type { RecipientParameters } from '../model/transaction.ts'

/**
 * What goes on with each of several targets in one recipient's place (RFC 3461 §5.2.7.3 (c)): whoever has made them several tells of the
 * success once, as `expanded`. Who wanted to hear of nothing else is told nothing else.
 */
export function parametersForEach(parameters: RecipientParameters, targets: number): RecipientParameters {
  if (targets < 2 || !wantsSuccess(parameters)) return parameters
  const others = parameters.notify?.filter((word) => word !== 'SUCCESS') ?? []
  return { ...parameters, notify: others.length === 0 ? ['NEVER'] : others }
}

/** Whether the sender wants to hear that it has arrived (RFC 3461 §4.1). */
export function wantsSuccess({ notify }: RecipientParameters): boolean {
  return notify?.includes('SUCCESS') === true
}
