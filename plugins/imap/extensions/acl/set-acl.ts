import {
  type AccessEntry,
  allRights,
  canonicalRights,
  errorCode,
  type Rights,
  type RightsIdentifier,
} from 'mailwright'
import type { ImapArguments, ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { saslprep } from 'mailwright/network'
import { canonicalIdentifier } from 'mailwright/rights'
import { explained, ok } from '../../engine/result.ts'
import { shownIdentifier } from './shown-identifier.ts'

/** What SETACL does to the rights of an identifier: replace them, add some, take some away. */
interface RightsChange {
  readonly kind: 'set' | 'add' | 'remove'
  readonly rights: Rights
}

const rightsStay = 'The rights of the owner stay, and so do those of the last who can change them'

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
  await explained(session.mail.setAccess(mailbox, identifier, rights), rightsStay)
  return ok('Set')
}

/** DELETEACL (RFC 4314 §3.2). An identifier with `-` has a line of its own. */
export async function deleteAcl({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.space()
  const identifier = readIdentifier(args)
  args.end()
  await explained(session.mail.setAccess(mailbox, identifier, ''), rightsStay)
  return ok('Deleted')
}

/**
 * An identifier, in UTF-8. What SASLprep prohibits, or what no list can hold, is a mistake of the client's (RFC 4314 §3); its
 * mapping is left out, since the names of accounts are not mapped either: one might be another's then.
 */
export function readIdentifier(args: ImapArguments): RightsIdentifier {
  const text = args.text() ?? args.fail('An identifier must be UTF-8')
  if (saslprep(text) === undefined) args.fail('That is no identifier')
  try {
    canonicalIdentifier(text)
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_INVALID') throw error
    args.fail('That is no identifier')
  }
  return text
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
  const names = (entry: AccessEntry): boolean =>
    [entry.identifier, shownIdentifier(entry)].includes(canonical)
  const before = list.find(names)?.rights ?? ''
  const isLeft = (right: string): boolean =>
    kind === 'add'
      ? before.includes(right) || rights.includes(right)
      : before.includes(right) && !rights.includes(right)
  return [...allRights].filter(isLeft).join('')
}
