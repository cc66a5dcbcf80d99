import { type Outcome, reply } from 'mailwright'

/** For what could have been delivered, where something else of the same message could not. */
export const notWithoutOthers: Outcome = {
  kind: 'deferred',
  reply: reply(451, '4.3.0', 'Not delivered because another recipient could not be'),
}
