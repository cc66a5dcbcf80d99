import { errorCode } from 'mailwright'
import type { ImapArguments, ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { no, ok } from '../../engine/result.ts'
import { readEntry } from './entries.ts'
import { administratorEntry, useEntry, useFrom, useOf } from './kept.ts'

/** Octets of a value. RFC 5464 §4.1 asks for 1,024; whoever annotates mailboxes of others has no more either. */
const longestValue = 4_096
/** Entries of a mailbox, or of the server. RFC 5464 §4.1 asks for 10. */
const mostEntries = 100

type Changes = ReadonlyMap<string, Buffer | null>

/** SETMETADATA (RFC 5464 §4.3): all or none. */
export async function setMetadata({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.space()
  const changes = new Map(args.list(() => readChange(args), 1))
  args.end()
  const refused = await refusal(session, mailbox, changes)
  if (refused !== undefined) return refused
  try {
    if (mailbox === '') await session.mail.setMetadata(undefined, changes)
    else await change(session, mailbox, changes)
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_OVER_QUOTA') return tooMany
    throw error
  }
  await noteOwnChange(session, { annotated: { mailbox, entries: [...changes.keys()] } })
  return ok('Set')
}

const tooMany = no('There are too many entries', 'METADATA TOOMANY')

/** `value = nstring / literal8` (RFC 5464 §5); null for NIL. */
function readChange(args: ImapArguments): readonly [name: string, value: Buffer | null] {
  const { name } = readEntry(args)
  args.space()
  if (args.takes('NIL')) return [name, null]
  if (args.sees('"')) return [name, Buffer.from(args.string(), 'latin1')]
  const { octets, binary } = args.literal()
  if (octets === undefined) return args.fail('The literal is too large')
  if (!binary && octets.includes(0)) return args.fail('NUL is not allowed')
  return [name, octets]
}

async function refusal(
  { mail }: ImapSession,
  mailbox: string,
  changes: Changes,
): Promise<ImapResult | undefined> {
  if (mailbox === '' && [...changes].some(isForbidden)) return no('That entry cannot be set', 'NOPERM')
  const values = [...changes.values()]
  if (values.some((value) => (value?.length ?? 0) > longestValue))
    return no('A value is too long', `METADATA MAXSIZE ${longestValue}`)
  if (values.every((value) => value === null)) return undefined
  const names = new Set((await mail.metadata(mailbox === '' ? undefined : mailbox)).keys())
  const before = names.size
  for (const [name, value] of changes)
    if (value === null) names.delete(name)
    else names.add(name)
  return names.size > mostEntries && names.size > before ? tooMany : undefined
}

/**
 * Whether nobody may change an entry of the server so. What is shared there is the same for all accounts, none of which may
 * speak to all others (RFC 5464 §3.3).
 */
function isForbidden([name, value]: readonly [name: string, value: Buffer | null]): boolean {
  return name === administratorEntry || (value !== null && name.startsWith('/shared/'))
}

/** The use of a mailbox is no annotation, but looks like one (RFC 6154 §4). */
async function change(session: ImapSession, mailbox: string, changes: Changes): Promise<void> {
  const use = changes.get(useEntry)
  if (use === undefined) return session.mail.setMetadata(mailbox, changes)
  const wanted = useFrom(use)
  const before = await useOf(session, mailbox)
  const others = new Map([...changes].filter(([name]) => name !== useEntry))
  await session.mail.setSpecialUse(mailbox, wanted)
  if (others.size === 0) return
  try {
    await session.mail.setMetadata(mailbox, others)
  } catch (error) {
    await session.mail.setSpecialUse(mailbox, before)
    throw error
  }
}
