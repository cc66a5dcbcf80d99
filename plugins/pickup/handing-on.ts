import {
  type Address,
  type Content,
  type Flow,
  isRefusal,
  isTransient,
  type MailParameters,
  type RecipientParameters,
  type Reply,
  type Transaction,
} from 'mailwright'

const here = { address: 'local', port: 0 } as const

/** A message on its way into the flow. */
export interface Handing {
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  readonly recipients: readonly Address[]
  readonly recipientParameters?: RecipientParameters
  /** It is the server that tells somebody of something, and no program. */
  readonly internal?: boolean
  /** Told of the transaction once it has begun. */
  begun?(transaction: Transaction): void
  /** The message with its trace field, for a queue id. */
  content(id: string): Content
}

/** What became of it: one reply for each recipient, in their order. */
export interface Handed {
  /** The queue id; undefined where the sender was refused. */
  readonly id: string | undefined
  readonly replies: readonly Reply[]
}

/** Hands a message on as a protocol does, so that every hook sees it: sender, recipients, the message. Never rejects. */
export async function handOn(flow: Flow, handing: Handing): Promise<Handed> {
  const { reversePath, parameters, recipients, recipientParameters = {}, internal = false } = handing
  const session = flow.openSession({ role: 'local', local: here, remote: here, internal })
  try {
    const begun = await session.mail(reversePath, parameters)
    if (!begun.ok) return { id: undefined, replies: recipients.map(() => begun.reply) }
    const { transaction } = begun
    const { id } = transaction.transaction
    handing.begun?.(transaction.transaction)
    const replies: Reply[] = []
    for (const recipient of recipients)
      replies.push(await transaction.recipient(recipient, recipientParameters))
    if (replies.every(isRefusal)) return { id, replies }
    const [answer] = await transaction.message(handing.content(id))
    return { id, replies: replies.map((reply) => (isRefusal(reply) ? reply : (answer?.reply ?? reply))) }
  } finally {
    session.close('handed in by a program')
  }
}

export type Fate = 'taken' | 'refused' | 'later'

/** What a reply to a recipient means. */
export function fateOf(reply: Reply): Fate {
  if (!isRefusal(reply)) return 'taken'
  return isTransient(reply) ? 'later' : 'refused'
}
