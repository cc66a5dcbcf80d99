import { errorCode } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { isOwnMailbox } from '../../engine/target-mailbox.ts'

/** Tells which flags the client may change where its rights are others now (RFC 4314 §5.1.1). */
export async function followRights(session: ImapSession, selected: ImapSelected): Promise<void> {
  if (isOwnMailbox(selected.name) || !session.server.store.supports.rights) return
  let told = await permitted(selected)
  let isWaiting = false
  const tell = async (): Promise<void> => {
    isWaiting = false
    if (session.selected !== selected) return
    const now = await permitted(selected)
    if (now === told) return
    told = now
    session.out.untagged(`FLAGS (${selected.flagNames().join(' ')})`)
    session.out.untagged(`OK [PERMANENTFLAGS (${now})] Flags permitted`)
  }
  selected.onChange(() => {
    if (isWaiting) return
    isWaiting = true
    session.whenQuiet(tell)
  })
}

/** None where the mailbox is not to be seen any more. */
async function permitted(selected: ImapSelected): Promise<string> {
  try {
    return (await selected.permanentFlags()).join(' ')
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return ''
  }
}
