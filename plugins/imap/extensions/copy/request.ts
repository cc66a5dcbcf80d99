import type { MessageEntry } from 'mailwright'
import type { ImapCall, ImapSelected } from 'mailwright/imap'
import { bad, Refusal } from '../../engine/result.ts'

/** Messages of the selected mailbox that are to go to another one. */
export interface TransferRequest {
  readonly selected: ImapSelected
  /** Ascending; those that the client knows of. */
  readonly entries: readonly MessageEntry[]
  readonly target: string
}

/** The arguments of COPY and MOVE: `2:4 MEETING`. */
export function readTransfer({ args, session, byUid }: ImapCall): TransferRequest {
  args.space()
  const set = args.sequenceSet()
  args.space()
  const target = args.mailbox()
  args.end()
  const { selected, enabled } = session
  if (selected === undefined) throw new Refusal(bad('No mailbox is selected'))
  requireUids(byUid, enabled)
  return { selected, entries: selected.resolve(set, byUid), target }
}

/** RFC 9586 §3.2: message numbers are not used any more. */
export function requireUids(byUid: boolean, enabled: ReadonlySet<string>): void {
  if (!byUid && enabled.has('UIDONLY')) throw new Refusal(bad('Only UIDs are in use', 'UIDREQUIRED'))
}
