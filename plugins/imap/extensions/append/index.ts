import type { ImapCommand, ImapExtension, ImapResult, ImapServer, ImapSession } from 'mailwright/imap'
import { refusalToSave } from '../../engine/message-limit.ts'
import { ok } from '../../engine/result.ts'
import { intoTarget, showArrival } from '../../engine/target-mailbox.ts'
import { admissionOf } from './admission.ts'
import { appendUid } from './append-uid.ts'
import { Intake } from './intake.ts'
import { readUploads, type Upload } from './upload.ts'

const command: ImapCommand = {
  states: ['authenticated', 'selected'],
  literals: admissionOf((args) => {
    args.space()
    return { mailbox: args.mailbox(), freed: 0 }
  }),
  async run({ args, session }) {
    args.space()
    const mailbox = args.mailbox()
    const uploads = readUploads(args, session)
    return append(session, mailbox, uploads)
  },
}

/**
 * APPEND (RFC 9051 §6.3.12) of one or several messages (RFC 3502), also with octets that are no text (RFC 3516 §4.4), and
 * the size that it takes (RFC 7889).
 */
export const appendMessages: ImapExtension = {
  name: 'append',
  capabilities: ({ state, server }) =>
    state === 'not authenticated' ? [] : ['MULTIAPPEND', `APPENDLIMIT=${appendLimit(server)}`],
  commands: { APPEND: command },
  statusItems: { APPENDLIMIT: (_, { server }) => String(appendLimit(server)) },
}

/** RFC 7889 §5 has a number of 32 bits for it. */
function appendLimit({ limits }: ImapServer): number {
  return Math.min(limits.messageSize, 4_294_967_295)
}

async function append(
  session: ImapSession,
  mailbox: string,
  uploads: readonly Upload[],
): Promise<ImapResult> {
  const refused = refusalToSave(session, uploads.length)
  if (refused !== undefined) return refused
  await session.access(mailbox, 'write')
  const intake = new Intake(session, mailbox)
  try {
    const messages = await intake.takeAll(uploads)
    const origin = session.flow.session.id
    const appended = await intoTarget(() => session.mail.append(mailbox, messages, origin))
    await showArrival(session, mailbox, appended.uids)
    return ok('Appended', await appendUid(session, mailbox, appended))
  } finally {
    await intake.release()
  }
}
