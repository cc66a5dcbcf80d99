import { errorCode, type ImapCall, type ImapResult, type ImapSession } from 'mailwright'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { ok } from '../../engine/result.ts'
import { tellRealName } from './real-name.ts'

/**
 * RENAME (RFC 9051 §6.3.6). The store takes what is below along; INBOX stays, and its messages move. Where the selected
 * mailbox has another name afterwards, it stays selected.
 */
export async function rename({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const from = args.mailbox()
  args.space()
  const to = args.mailbox()
  args.end()
  await session.access(from, 'write')
  // Before it is another one.
  const below = from === 'INBOX' ? undefined : pathBelow(session.selected?.name, from)
  await session.mail.renameMailbox(from, to)
  const real = await realName(session, to)
  if (from === 'INBOX') await copyAnnotations(session, real)
  await noteOwnChange(session, { gone: from, come: real })
  tellRealName(session, from, { given: to, real })
  if (below !== undefined) await session.renamed(real + below)
  return ok('Renamed')
}

/** RFC 5464 §4.1: those of INBOX stay, and are copied. Where they cannot be it is renamed all the same. */
async function copyAnnotations({ mail, server }: ImapSession, to: string): Promise<void> {
  if (!server.store.supports.metadata) return
  try {
    const annotations = await mail.metadata('INBOX')
    if (annotations.size > 0) await mail.setMetadata(to, annotations)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    server.log.warn('unavailable', { problem: 'a renamed INBOX has left its annotations behind', error })
  }
}

/** What a name has behind that of a mailbox that it is, or is below; else undefined. */
function pathBelow(name: string | undefined, mailbox: string): string | undefined {
  if (name !== mailbox && !name?.startsWith(`${mailbox}/`)) return undefined
  return name?.slice(mailbox.length)
}

async function realName({ mail }: ImapSession, name: string): Promise<string> {
  try {
    return (await mail.status(name)).name
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return name
  }
}
