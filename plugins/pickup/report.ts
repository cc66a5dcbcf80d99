import {
  type Address,
  type Content,
  createMessage,
  type Flow,
  type MailParameters,
  type RecipientParameters,
  type Reply,
  type StatusNotifications,
} from 'mailwright'
import { fateOf, handOn } from './handing-on.ts'

/** Recipients whom a message did not get to, for its sender. */
export interface Failures {
  readonly id: string
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  readonly recipientParameters: RecipientParameters
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
  readonly now: number
  readonly content: Content
  /** Octets of the whole message, where `content` has only its header. */
  readonly size?: number
  readonly recipients: readonly { readonly address: Address; readonly reply: Reply }[]
}

/** Whether somebody has been told; `later` where that has to be tried again, `nobody` where it cannot be. */
export type Told = 'told' | 'later' | 'nobody'

/** Tells the sender, by notifications that go their way like any other message. */
export async function report(
  failures: Failures,
  flow: Flow,
  notifications: StatusNotifications | undefined,
): Promise<Told> {
  if (notifications === undefined) return 'nobody'
  const { id, reversePath, parameters, recipientParameters, arrivedAt, now, content, size, recipients } =
    failures
  const composed = await notifications.compose({
    id,
    reversePath,
    parameters,
    arrivedAt,
    message: await createMessage(content),
    ...(size === undefined ? {} : { size }),
    recipients: recipients.map(({ address, reply }) => ({
      recipient: address,
      finalRecipient: address,
      parameters: recipientParameters,
      action: 'failed',
      reply,
      lastAttempt: now,
    })),
  })
  let told: Told = 'told'
  for (const { to, message } of composed) {
    const { replies } = await handOn(flow, {
      reversePath: null,
      parameters: {},
      recipients: [to],
      internal: true,
      content: () => message.content,
    })
    const [fate] = replies.map(fateOf)
    if (fate === 'later') return 'later'
    if (fate !== 'taken') told = 'nobody'
  }
  return told
}
