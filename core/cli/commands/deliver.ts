import { join } from 'node:path'
import { errorCode, MailwrightError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { separateHeader } from '../../message/separate-header.ts'
import { createSpool, type SpoolWriter } from '../../message/spool.ts'
import { type Address, formatAddress } from '../../model/address/address.ts'
import type { Content } from '../../model/content.ts'
import { formatReply, isTransient, type Reply, reply } from '../../model/reply.ts'
import type { CommandOutput } from '../../plugin.ts'
import { store } from '../../services/store.ts'
import { addressArgument, type CliContext, withHost } from '../context.ts'
import { printError } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { asTransferred } from '../unix-message.ts'

// sysexits.h, which Postfix's pipe(8) and other callers of delivery agents understand.
const tryAgainLater = 75
const dataError = 65
// RFC 3463 §3.7: 5.6.0 is "other media error".
const withNul = reply(554, '5.6.0', 'The message has a NUL octet in it')
const endpoint = { address: 'local', port: 0 } as const

export const deliverCommand: CoreCommand = {
  usage: 'deliver <address>',
  summary:
    'sort and store one message from standard input, as a delivery agent (exit code 75: try again later)',
  options: [{ flags: '-f, --from <address>', summary: 'the reverse-path; empty or "<>" for none' }],
  examples: ['mailwright deliver me@example.org < message.eml'],
  action: (context, [word = ''], options) => {
    const recipient = addressArgument(word)
    const from = options.from
    const reversePath =
      typeof from !== 'string' || from === '' || from === '<>' ? null : addressArgument(from)
    const run = () => withHost(context, (host) => deliverInto(host, context, { reversePath, recipient }))
    return run().catch((error: unknown) => {
      // It says nothing of the message, and whoever called has it still: without a database nobody knows who has an address here.
      if (!passing.has(errorCode(error) ?? '')) throw error
      printError(context.output, context.json, error)
      const json = { recipient: formatAddress(recipient), delivered: false }
      return { json, text: '', exitCode: tryAgainLater }
    })
  },
}

const passing: ReadonlySet<string> = new Set(['MAIL_E_START', 'MAIL_E_TIMEOUT', 'MAIL_E_UNAVAILABLE'])

interface Envelope {
  readonly reversePath: Address | null
  readonly recipient: Address
}

async function deliverInto(
  host: Host,
  context: CliContext,
  { reversePath, recipient }: Envelope,
): Promise<CommandOutput> {
  if (host.service(store).supports.persistent === false) {
    throw new MailwrightError(
      'MAIL_E_UNSUPPORTED',
      'the store of this config lives in the memory of the server; a command cannot deliver into it',
    )
  }
  const writer = createSpool(join(host.settings.dataDir, 'spool')).receive()
  try {
    const isText = await receive(context.stdin, writer)
    // Whoever delivers puts fields on top.
    const { content } = await separateHeader(await writer.finish())
    const { id, answer } = isText
      ? await deliver(host, reversePath, recipient, content)
      : { id: undefined, answer: withNul }
    const said = formatReply(answer)
    const delivered = answer.code < 400
    const text = delivered ? '' : `mailwright: not delivered to ${formatAddress(recipient)}: ${said}`
    const exitCode = delivered ? 0 : isTransient(answer) ? tryAgainLater : isText ? 1 : dataError
    if (!delivered && !context.json) context.output.stderr(`${text}\n`)
    return { json: { id, recipient: formatAddress(recipient), delivered, reply: said }, text: '', exitCode }
  } finally {
    await writer.dispose()
  }
}

/** Whether no NUL is among the octets (RFC 5321 §4.1.1.4). What comes behind one is not kept. */
async function receive(input: CliContext['stdin'], writer: SpoolWriter): Promise<boolean> {
  for await (const chunk of asTransferred(input)) {
    if (chunk.includes(0)) return false
    await writer.write(chunk)
  }
  return true
}

async function deliver(
  host: Host,
  reversePath: Address | null,
  recipient: Address,
  content: Content,
): Promise<{ id: string | undefined; answer: Reply }> {
  const session = host.flow.openSession({ role: 'local', local: endpoint, remote: endpoint })
  try {
    const mail = await session.mail(reversePath)
    if (!mail.ok) return { id: undefined, answer: mail.reply }
    const { id } = mail.transaction.transaction
    const answer = await mail.transaction.recipient(recipient)
    if (answer.code >= 400) return { id, answer }
    const [taken] = await mail.transaction.message(content)
    return { id, answer: taken?.reply ?? answer }
  } finally {
    session.close('delivered from the command line')
  }
}
