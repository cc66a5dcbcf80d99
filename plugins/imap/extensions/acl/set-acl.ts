import {
  allRights,
  canonicalIdentifier,
  canonicalRights,
  type ImapArguments,
  type ImapCall,
  type ImapResult,
  type ImapSession,
  type Rights,
  type RightsIdentifier,
} from 'mailwright'
import { ok } from '../../engine/result.ts'

/** What SETACL does to the rights of an identifier: replace them, add some, take some away. */
interface RightsChange {
  readonly kind: 'set' | 'add' | 'remove'
  readonly rights: Rights
}

/** SETACL (RFC 4314 §3.1). */
export async function setAcl({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.space()
  const identifier = readIdentifier(args)
  args.space()
  const change = readChange(args)
  args.end()
  const rights = await changedRights(session, mailbox, identifier, change)
  await session.mail.setAccess(mailbox, identifier, rights)
  return ok('Set')
}

/** DELETEACL (RFC 4314 §3.2). An identifier with `-` has a line of its own. */
export async function deleteAcl({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.space()
  const identifier = readIdentifier(args)
  args.end()
  await session.mail.setAccess(mailbox, identifier, '')
  return ok('Deleted')
}

/** An identifier, in UTF-8 (RFC 4314 §3). */
export function readIdentifier(args: ImapArguments): RightsIdentifier {
  return args.text() ?? args.fail('An identifier must be UTF-8')
}

function readChange(args: ImapArguments): RightsChange {
  const text = args.astring()
  const kind = text.startsWith('+') ? 'add' : text.startsWith('-') ? 'remove' : 'set'
  // RFC 4314 §3.1: a right that is unknown must be answered BAD.
  const rights = canonicalRights(kind === 'set' ? text : text.slice(1)) ?? args.fail('There is no such right')
  return { kind, rights }
}

async function changedRights(
  { mail }: ImapSession,
  mailbox: string,
  identifier: RightsIdentifier,
  { kind, rights }: RightsChange,
): Promise<Rights> {
  if (kind === 'set') return rights
  const canonical = canonicalIdentifier(identifier)
  const list = await mail.accessList(mailbox)
  const before = list.find((entry) => entry.identifier === canonical)?.rights ?? ''
  const isLeft = (right: string): boolean =>
    kind === 'add'
      ? before.includes(right) || rights.includes(right)
      : before.includes(right) && !rights.includes(right)
  return [...allRights].filter(isLeft).join('')
}
