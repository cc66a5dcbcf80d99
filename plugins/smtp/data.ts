import { endOfMessage, newReception } from './message.ts'
import {
  chunksComing,
  chunksNeeded,
  chunksRefused,
  lmtpNoRecipients,
  mailFirst,
  noArgumentAllowed,
  noRecipients,
  startMail,
} from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

/** DATA (RFC 5321 §4.1.1.4). */
export function data(session: SmtpSession, argument: string): Answer {
  const { transaction } = session
  if (argument !== '') return { reply: noArgumentAllowed }
  if (transaction === undefined) return { reply: mailFirst }
  if (session.refusedChunk !== undefined) return { reply: chunksRefused }
  if (session.reception !== undefined) return { reply: chunksComing }
  if (session.isBinary) return { reply: chunksNeeded }
  if (transaction.transaction.recipients.length === 0)
    return { reply: session.isLmtp ? lmtpNoRecipients : noRecipients }
  const reception = newReception(session)
  return {
    reply: startMail,
    incoming: {
      isComplete: false,
      push: (chunk) => reception.push(chunk),
      end: () => endOfMessage(session, reception),
    },
  }
}
