import { errorCode, type ImapCall, type ImapResult, type ImapSession } from 'mailwright'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { no, ok, Refusal } from '../../engine/result.ts'
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
  await move(session, from, to)
  const real = await realName(session, to)
  if (from === 'INBOX') await copyAnnotations(session, real)
  await noteOwnChange(session, { gone: from, come: real })
  tellRealName(session, from, { given: to, real })
  if (below !== undefined) await session.renamed(real + below)
  return ok('Renamed')
}

/**
 * A level that LIST shows is renamed by what is below it, though it is no mailbox (RFC 3501 §6.3.5). Each of those is renamed
 * by itself: where one fails, those before it have their new names.
 */
async function move(session: ImapSession, from: string, to: string): Promise<void> {
  const { mail } = session
  try {
    await mail.renameMailbox(from, to)
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
    const names = (await mail.mailboxes()).map(({ name }) => name)
    const below = names.filter((name) => name.startsWith(`${from}/`))
    const topmost = below.filter((name) => !below.some((other) => name.startsWith(`${other}/`)))
    if (topmost.length === 0) throw error
    if (to.startsWith(`${from}/`)) throw new Refusal(no('It cannot be moved below itself', 'CANNOT'))
    const moves = topmost.map((name) => [name, to + name.slice(from.length)] as const)
    const taken = [to, ...moves.map(([, name]) => name)].find((name) => names.includes(name))
    if (taken !== undefined) throw new Refusal(no('There is a mailbox of that name', 'ALREADYEXISTS'))
    for (const [name, renamed] of moves) await mail.renameMailbox(name, renamed)
  }
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
