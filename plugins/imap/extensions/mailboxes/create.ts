import { errorCode, type MailboxStatus } from 'mailwright'
import type { ImapCall, ImapCreateRequest, ImapResult, ImapSession } from 'mailwright/imap'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { explained, noSuchName, ok } from '../../engine/result.ts'
import { objectId } from '../../format/object-id.ts'
import { tellRealName } from './real-name.ts'

/** CREATE (RFC 9051 §6.3.4), with parameters (RFC 4466 §2.2). */
export async function create(call: ImapCall): Promise<ImapResult> {
  const { args, session } = call
  args.space()
  const given = args.mailbox()
  const { options } = readParameters(call)
  args.end()
  // RFC 9051 §6.3.4: a delimiter at the end only says that there will be mailboxes below it, as may be anyway.
  const mailbox = given.replace(/\/$/, '')
  await explained(session.mail.createMailbox(mailbox, options), noSuchName)
  const made = await statusOf(session, mailbox)
  await noteOwnChange(session, { come: made?.name ?? mailbox })
  if (made === undefined) return ok('Created')
  tellRealName(session, mailbox, { given: mailbox, real: made.name })
  // RFC 8474 §4.1
  return ok('Created', `MAILBOXID (${objectId('mailbox', made.id)})`)
}

function readParameters({ args, session }: ImapCall): ImapCreateRequest {
  const request: ImapCreateRequest = { session, options: {} }
  if (!args.takes(' ')) return request
  args.list(() => {
    const name = args.word()
    const parameter = session.server.vocabulary.createParameters.get(name)
    if (parameter === undefined) return args.fail(`The parameter ${name} is unknown`)
    return parameter(args, request)
  }, 1)
  return request
}

/** Undefined where the account may make the mailbox and not look at it, or the store fails: it is made all the same. */
async function statusOf({ mail }: ImapSession, mailbox: string): Promise<MailboxStatus | undefined> {
  try {
    return await mail.status(mailbox)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}
