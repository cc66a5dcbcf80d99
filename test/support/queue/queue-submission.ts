import {
  type Address,
  bufferContent,
  createMessage,
  type MailParameters,
  type RecipientParameters,
  type Route,
  type Session,
  type Submission,
  type Transaction,
} from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { routeOf } from './queue-world-delivery.ts'

/** What is submitted. */
export interface PlannedMail {
  /** `''` for the null reverse-path. `sender@origin.example` */
  readonly from?: string
  /** Addresses; `info@a.example: jo@here.example …` for what leads to others. */
  readonly to: readonly string[]
  /** Octets. 100 */
  readonly size?: number
  /** True where absent. */
  readonly atomic?: boolean
  readonly quarantine?: string
  readonly parameters?: RecipientParameters
  /** Of MAIL. */
  readonly mailParameters?: MailParameters
  /** For routes to other hosts. */
  readonly remoteFrom?: string
}

let count = 0

/** Makes a submission as the flow would, of several variants where several mails are given. */
export async function mail(...variants: readonly [PlannedMail, ...PlannedMail[]]): Promise<Submission> {
  const [first] = variants
  const signal = new AbortController().signal
  const made = await Promise.all(variants.map(variantOf))
  const transaction: Transaction = {
    id: `q${String(++count).padStart(16, '0')}`,
    session: session(signal),
    startedAt: new Date(0),
    reversePath: pathOf(first.from),
    parameters: first.mailParameters ?? {},
    recipients: made.flatMap(({ recipients }) => recipients),
    signal,
  }
  return { transaction, variants: made, atomic: first.atomic ?? true }
}

async function variantOf({
  from,
  to,
  size = 100,
  quarantine,
  parameters = {},
  remoteFrom,
}: PlannedMail): Promise<Submission['variants'][number]> {
  const octets = Buffer.from('Subject: test\r\n\r\n'.padEnd(size, 'x'))
  const recipients = to.map((text) => {
    const [address = '', targets] = text.split(': ')
    const routes: readonly Route[] = (targets?.split(' ') ?? [address]).map(routeOf)
    return { forwardPath: addressOf(address), parameters, claimedBy: 'test/claim', routes }
  })
  return {
    recipients: recipients as Submission['variants'][number]['recipients'],
    message: await createMessage(bufferContent(octets)),
    reversePath: pathOf(from),
    ...(quarantine === undefined ? {} : { quarantine }),
    ...(remoteFrom === undefined ? {} : { remoteReversePath: pathOf(remoteFrom) }),
  }
}

function pathOf(text = 'sender@origin.example'): Address | null {
  return text === '' ? null : addressOf(text)
}

function session(signal: AbortSignal): Session {
  const local = { address: '192.0.2.1', port: 25 }
  const remote = { address: '192.0.2.2', port: 40_000 }
  const known = {
    tls: undefined,
    hello: undefined,
    account: undefined,
    ownClient: undefined,
    internal: false,
  }
  return {
    id: 's1',
    role: 'transfer',
    listener: 'test',
    startedAt: new Date(0),
    local,
    remote,
    signal,
    ...known,
  }
}
