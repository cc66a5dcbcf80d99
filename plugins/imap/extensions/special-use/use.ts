import type { ImapCreateParameter } from 'mailwright/imap'
import { givenUse } from '../../engine/given-use.ts'
import { no, Refusal } from '../../engine/result.ts'

/** `USE (\Sent)` (RFC 6154 §3). A mailbox has one use at most, which it takes from the mailbox that had it. */
export const use: ImapCreateParameter = (args, request) => {
  args.space()
  const attributes = args.list(() => {
    args.expects('\\')
    return `\\${args.atom()}`
  })
  const uses = new Set(attributes.map((attribute) => attribute.toLowerCase()))
  if (uses.size === 0) return
  const [first = ''] = uses
  const known =
    uses.size === 1 && request.session.server.store.supports.subscriptions ? givenUse(first) : undefined
  if (known === undefined) throw new Refusal(no('No mailbox can be for that', 'USEATTR'))
  request.options = { ...request.options, specialUse: known }
}
