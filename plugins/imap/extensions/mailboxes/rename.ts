import { errorCode, type MessageEntry } from 'mailwright'
import type { ImapCall, ImapResult, ImapSelected, ImapSession } from 'mailwright/imap'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { explained, no, ok, Refusal } from '../../engine/result.ts'
import { showing } from '../../engine/showing.ts'
import { Progress } from '../../search/progress.ts'
import { tellRealName } from './real-name.ts'

const belowItself = 'It cannot be moved below itself'

interface OpenInbox {
  readonly selected: ImapSelected
  readonly before: readonly MessageEntry[]
}

/**
 * RENAME (RFC 9051 §6.3.6). The store takes what is below along; INBOX stays, and its messages move. Where the selected
 * mailbox has another name afterwards, it stays selected.
 */
export async function rename({ args, session, tag }: ImapCall): Promise<ImapResult> {
  args.space()
  const from = args.mailbox()
  args.space()
  const to = args.mailbox()
  args.end()
  await session.access(from, 'write')
  // Before it is another one.
  const below = from === 'INBOX' ? undefined : pathBelow(session.selected?.name, from)
  const inbox = from === 'INBOX' ? openInbox(session) : undefined
  const progress = new Progress(session, tag)
  await progress.during(() => move(session, from, to, progress))
  const real = await realName(session, to)
  if (from === 'INBOX') await copyAnnotations(session, real)
  if (inbox !== undefined) await showEmptied(session, inbox)
  await noteOwnChange(session, { gone: from, come: real })
  tellRealName(session, from, { given: to, real })
  if (below !== undefined) await session.renamed(real + below)
  return ok('Renamed')
}

/** A level that LIST shows is renamed by what is below it, though it is no mailbox (RFC 3501 §6.3.5). */
async function move(session: ImapSession, from: string, to: string, progress: Progress): Promise<void> {
  const isBelow = to.startsWith(`${from}/`)
  try {
    await explained(session.mail.renameMailbox(from, to), isBelow ? belowItself : 'It cannot have that name')
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
    const moves = await movesBelow(session, from, to)
    if (moves.length === 0) throw error
    for (const [at, [name, renamed]] of moves.entries()) {
      progress.is(at, moves.length)
      await session.mail.renameMailbox(name, renamed)
    }
  }
}

/**
 * How a level is renamed where its store does not do it at once: each mailbox below it that is below no other one by
 * itself. Where one fails, those before it have their new names.
 */
async function movesBelow(
  { mail }: ImapSession,
  from: string,
  to: string,
): Promise<readonly (readonly [name: string, renamed: string])[]> {
  const names = new Set((await mail.mailboxes()).map(({ name }) => name))
  const below = [...names].filter((name) => name.startsWith(`${from}/`))
  const moves = below
    .filter((name) => !isBelowAny(name, names, from.length + 1))
    .map((name) => [name, to + name.slice(from.length)] as const)
  if (moves.length === 0) return []
  if (to.startsWith(`${from}/`)) throw new Refusal(no(belowItself, 'CANNOT'))
  if (names.has(to) || moves.some(([, name]) => names.has(name)))
    throw new Refusal(no('There is a mailbox of that name', 'ALREADYEXISTS'))
  return moves
}

/** Whether one of the levels above a name, which are looked for from an offset on, is a mailbox. */
function isBelowAny(name: string, names: ReadonlySet<string>, offset: number): boolean {
  for (let end = name.indexOf('/', offset); end >= 0; end = name.indexOf('/', end + 1))
    if (names.has(name.slice(0, end))) return true
  return false
}

/** INBOX with its messages as they are, where the session has it selected. */
function openInbox({ selected }: ImapSession): OpenInbox | undefined {
  return selected?.name === 'INBOX' ? { selected, before: selected.mailbox.entries } : undefined
}

/** Its messages went by the client's own doing; it is told of that whatever it wants to hear of others. */
async function showEmptied(session: ImapSession, { selected, before }: OpenInbox): Promise<void> {
  selected.removed(before.map(({ uid }) => uid))
  await showing(session, () => selected.requireThere())
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
