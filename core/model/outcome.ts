import type { Outcome } from './delivery.ts'
import { localError, reply } from './reply.ts'

/** For what nobody can tell more of. */
export const notNow: Outcome & { readonly kind: 'deferred' } = Object.freeze({
  kind: 'deferred',
  reply: localError,
})

/**
 * For what could have been delivered, where something else of the same message could not. It says nothing of its own: the reply
 * to the message is that of the others. Recognised by identity.
 */
export const notWithoutOthers: Outcome & { readonly kind: 'deferred' } = Object.freeze({
  kind: 'deferred',
  reply: reply(451, '4.3.0', 'Not delivered because another recipient could not be'),
})
