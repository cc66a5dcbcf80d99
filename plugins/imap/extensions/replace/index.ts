import { type Appended, type AppendMessage, hasAllRights, indexOfUid, type MessageEntry } from 'mailwright'
import type {
  ImapArguments,
  ImapCall,
  ImapCommand,
  ImapExtension,
  ImapLiteralRule,
  ImapResult,
  ImapSelected,
  ImapSession,
} from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { highestCode } from '../../engine/highest-code.ts'
import { bad, no, ok, Refusal } from '../../engine/result.ts'
import { haveOneOwner, intoTarget, isOwnMailbox, showArrival } from '../../engine/target-mailbox.ts'
import { admissionOf } from '../append/admission.ts'
import { appendUid } from '../append/append-uid.ts'
import { Intake } from '../append/intake.ts'
import { readUpload, type Upload } from '../append/upload.ts'
import { requireUids } from '../copy/request.ts'

/** RFC 8508 §5, without the message. */
interface Replacement {
  readonly selected: ImapSelected
  /** Undefined where the client names a UID that is not there. */
  readonly entry: MessageEntry | undefined
  readonly target: string
}

const readOnly = no('The mailbox is opened for reading only', 'READ-ONLY')
const gone = no('There is no such message', 'NONEXISTENT')

function replacing(byUid: boolean): ImapCommand {
  return {
    states: ['selected'],
    literals: admitting(byUid),
    async run(call) {
      const { args, session } = call
      const replacement = readReplacement(args, session, byUid)
      const upload = readUpload(args, session)
      args.end()
      if (replacement.selected.isReadOnly) return readOnly
      return replace(call, replacement, upload)
    },
  }
}

function admitting(byUid: boolean): ImapLiteralRule {
  return admissionOf((args, session) => {
    const { selected, entry, target } = readReplacement(args, session, byUid)
    if (selected.isReadOnly) return readOnly
    if (entry === undefined) return gone
    return { mailbox: target, freed: freedBy(entry, selected, target) }
  })
}

/** REPLACE and UID REPLACE (RFC 8508). */
export const replaceMessages: ImapExtension = {
  name: 'replace',
  capabilities: afterLogin(['REPLACE']),
  commands: { REPLACE: replacing(false), 'UID REPLACE': replacing(true) },
}

function readReplacement(args: ImapArguments, session: ImapSession, byUid: boolean): Replacement {
  args.space()
  const set = args.sequenceSet()
  const [range, ...others] = set === '$' ? [] : set
  if (range === undefined || range.first !== range.last || others.length > 0)
    args.fail('The number of one message is expected')
  args.space()
  const target = args.mailbox()
  const { selected, enabled } = session
  if (selected === undefined) throw new Refusal(bad('No mailbox is selected'))
  requireUids(byUid, enabled)
  return { selected, entry: selected.resolve(set, byUid)[0], target }
}

/** Octets that the quota gets back which the new message counts for. */
function freedBy({ size }: MessageEntry, { name }: ImapSelected, target: string): number {
  return haveOneOwner(name, target) ? size : 0
}

async function replace(
  { session }: ImapCall,
  { selected, entry, target }: Replacement,
  upload: Upload,
): Promise<ImapResult> {
  if (entry === undefined || !(await isThere(selected, entry))) return gone
  await session.access(target, 'write')
  await requireRights(session, selected)
  const intake = new Intake(session, target)
  try {
    const message = await intake.take(upload)
    const appended = await put(session, { selected, entry, target }, message)
    if (appended === undefined) return gone
    await showArrival(session, target, appended.uids)
    const code = await appendUid(session, target, appended)
    // RFC 8508 §4.3: before the client is told that the other one is gone.
    if (code !== undefined) session.out.untagged(`OK [${code}] Replacement`)
    return ok('Replaced', await highestCode(session, selected))
  } finally {
    await intake.release()
  }
}

async function isThere({ mailbox }: ImapSelected, { uid }: MessageEntry): Promise<boolean> {
  await mailbox.refresh()
  return mailbox.entries[indexOfUid(mailbox.entries, uid)]?.uid === uid
}

/**
 * In one step where the store can do that; else others may see a message for a moment that is taken back. Undefined where the
 * one to be replaced is gone.
 */
async function put(
  session: ImapSession,
  { selected, entry, target }: Replacement & { readonly entry: MessageEntry },
  message: AppendMessage,
): Promise<Appended | undefined> {
  const origin = session.flow.session.id
  const { mailbox } = selected
  const { replace } = mailbox
  if (replace !== undefined && target === selected.name)
    return replace.call(mailbox, entry.uid, message, origin)
  // Once more: to take in the message may have taken its time.
  if (!(await isThere(selected, entry))) return undefined
  const appended = await intoTarget(() =>
    session.mail.append(target, [message], origin, freedBy(entry, selected, target)),
  )
  return (await removeReplaced(session, selected, entry, { target, appended })) ? appended : undefined
}

/** RFC 8508 §4.1: of the mailbox that the message is in; the target's are asked for when it is appended. */
async function requireRights({ server, mail }: ImapSession, { name }: ImapSelected): Promise<void> {
  if (!server.store.supports.rights || isOwnMailbox(name)) return
  if (!hasAllRights(await mail.myRights(name), 'te'))
    throw new Refusal(no('You have no right to do that', 'NOPERM'))
}

/** Whether it was there. Where not, or where that fails, the new message goes again: nothing has happened. */
async function removeReplaced(
  session: ImapSession,
  { mailbox }: ImapSelected,
  { uid }: MessageEntry,
  added: { readonly target: string; readonly appended: Appended },
): Promise<boolean> {
  let isRemoved = false
  try {
    isRemoved = (await mailbox.expunge([uid])).length > 0
    return isRemoved
  } finally {
    if (!isRemoved) await takeBack(session, added.target, added.appended)
  }
}

async function takeBack({ mail, server }: ImapSession, target: string, { uids }: Appended): Promise<void> {
  try {
    const mailbox = await mail.openMailbox(target)
    try {
      await mailbox.expunge(uids)
    } finally {
      await mailbox.close()
    }
  } catch (error) {
    server.log.warn('unavailable', {
      problem: 'a replacement that failed is there beside the original',
      error,
    })
  }
}
