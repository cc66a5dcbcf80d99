import type { Flow, SessionFlow } from '../flow/flow.ts'
import { bufferContent } from '../model/content.ts'
import type { Reply } from '../model/reply.ts'
import type { ClientEndpoint, Endpoint, SessionRole } from '../model/session.ts'
import { addressOf } from './address-of.ts'

/** A mail for {@link sendMail}. */
export interface TestMail {
  /** Null for the null reverse-path. */
  readonly from: string | null
  readonly to: string | readonly string[]
  /** The message; bare LF become CRLF, so that template strings can be used. */
  readonly data: string | Buffer
  /** `transfer` */
  readonly role?: SessionRole
  /** What the client calls itself: `client.example`. */
  readonly hello?: string
  /** Who connects: 192.0.2.10. */
  readonly remote?: ClientEndpoint
  /** Logs in first. */
  readonly login?: { readonly login: string; readonly secret: string }
}

/** The last reply that concerns a recipient: 250 where the message was taken for it. */
export interface MailAnswer {
  readonly recipient: string
  readonly reply: Reply
}

const defaultRemote: Endpoint = { address: '192.0.2.10', port: 40_000 }
const defaultLocal: Endpoint = { address: '192.0.2.1', port: 25 }

/**
 * Sends a mail through every hook, as a session of a protocol would, but without one. One answer for each recipient, in
 * their order; a refusal before DATA is everybody's.
 */
export async function sendMail(flow: Flow, mail: TestMail): Promise<readonly MailAnswer[]> {
  const { role = 'transfer', remote = defaultRemote } = mail
  const session = flow.openSession({ role, local: defaultLocal, remote })
  try {
    return await inSession(session, mail, [mail.to].flat())
  } finally {
    session.close('the mail was sent')
  }
}

async function inSession(
  session: SessionFlow,
  mail: TestMail,
  to: readonly string[],
): Promise<readonly MailAnswer[]> {
  const everybody = (reply: Reply) => to.map((recipient) => ({ recipient, reply }))
  const refused =
    (await session.connect()) ??
    (await session.hello({ name: mail.hello ?? 'client.example', extended: true }))
  if (refused !== undefined) return everybody(refused)
  if (mail.login !== undefined) {
    const { login, secret } = mail.login
    const result = await session.login({ mechanism: 'PLAIN', login }, secret)
    if (!result.ok) return everybody(result.reply)
  }
  const begun = await session.mail(mail.from === null ? null : addressOf(mail.from))
  if (!begun.ok) return everybody(begun.reply)
  const answers = new Map<string, Reply>()
  const accepted: string[] = []
  for (const recipient of to) {
    const reply = await begun.transaction.recipient(addressOf(recipient))
    answers.set(recipient, reply)
    if (reply.code < 400) accepted.push(recipient)
  }
  if (accepted.length > 0) {
    const replies = await begun.transaction.message(bufferContent(crlf(mail.data)))
    for (const [index, recipient] of accepted.entries()) {
      const reply = replies[index]?.reply
      if (reply !== undefined) answers.set(recipient, reply)
    }
  }
  return to.flatMap((recipient) => {
    const reply = answers.get(recipient)
    return reply === undefined ? [] : [{ recipient, reply }]
  })
}

function crlf(data: string | Buffer): Buffer {
  const text = typeof data === 'string' ? Buffer.from(data) : data
  return Buffer.from(text.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1')
}
