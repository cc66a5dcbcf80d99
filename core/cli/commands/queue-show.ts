import { errorText } from '../../errors.ts'
import { notQueued } from '../../flow/empty-queue.ts'
import { type Content, readAll } from '../../model/content.ts'
import type { CommandOutput } from '../../plugin.ts'
import { type Queue, type QueuedRecipient, type QueueItem, queue } from '../../services/queue.ts'
import { type CliContext, withHost } from '../context.ts'
import { type Output, printable, table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import {
  countText,
  distanceText,
  itemJson,
  recipientText,
  replyText,
  reversePathText,
  timeText,
} from './queue-text.ts'

/** The header of a queued message, or why there is none to show. */
interface HeaderText {
  readonly header?: string
  readonly problem?: string
}

/** Everything that the queue knows of a message, in lines for people. */
function envelopeText(item: QueueItem, now: number): string {
  const when = (time: Date) => `${timeText(time)} (${distanceText(time, now)})`
  const facts: readonly (readonly [string, string])[] = [
    ['id', item.id],
    ['state', item.reason === undefined ? item.state : `${item.state}: ${item.reason}`],
    ['sender', reversePathText(item.reversePath)],
    ['arrived', when(item.arrivedAt)],
    [
      'given up',
      isOverdue(item, now) ? "its time is over; it waits for others' turns" : when(item.expiresAt),
    ],
    ['size', countText(item.size, 'octet')],
    [
      item.state === 'reporting' ? 'sender told by' : 'next attempt',
      item.nextAttempt === undefined ? 'none' : when(item.nextAttempt),
    ],
    ['recipients', String(item.recipientCount)],
  ]
  const [, ...lines] = table(['', ''], facts).split('\n')
  const more = item.recipientCount - item.recipients.length
  return [
    ...lines,
    ...item.recipients.map((recipient) => `\n${recipientFacts(recipient, when)}`),
    ...(more > 0 ? [`\nand ${countText(more, 'more recipient')}`] : []),
  ].join('\n')
}

function isOverdue({ expiresAt, recipients }: QueueItem, now: number): boolean {
  return expiresAt.getTime() <= now && recipients.some(({ waitsForTurn }) => waitsForTurn === true)
}

function recipientFacts(recipient: QueuedRecipient, when: (time: Date) => string): string {
  const { destination, attempts, nextAttempt, stillTried } = recipient
  const facts: readonly (readonly [string, string])[] = [
    ['recipient', recipientText(recipient)],
    ['  destination', destination],
    ['  attempts', String(attempts)],
    [
      '  next attempt',
      stillTried === true
        ? 'none; still being tried'
        : nextAttempt === undefined
          ? 'none'
          : when(nextAttempt),
    ],
    ['  last reply', replyText(recipient) || 'none'],
  ]
  return table(['', ''], facts).split('\n').slice(1).join('\n')
}

/** A message that cannot be read does not keep its envelope from being shown. */
async function headerOf(service: Queue, id: string): Promise<HeaderText> {
  try {
    const { header } = await service.message(id)
    return { header: header.raw.toString('utf8').replaceAll('\r\n', '\n').trimEnd() }
  } catch (error) {
    return { problem: errorText(error) }
  }
}

async function show(context: CliContext, service: Queue, id: string): Promise<CommandOutput> {
  const item = (await service.show(id)) ?? notQueued(id)
  const { header, problem } = await headerOf(service, id)
  if (problem !== undefined && !context.json)
    context.output.stderr(`mailwright: the message itself cannot be read: ${printable(problem)}\n`)
  return {
    json: { ...itemJson(item), header, problem },
    text: [envelopeText(item, Date.now()), ...(header === undefined ? [] : ['', printable(header)])].join(
      '\n',
    ),
    exitCode: problem === undefined ? 0 : 1,
  }
}

/** Octet for octet into a file or a pipe; made fit for a terminal where that is one. */
async function printContent(output: Output, content: Content): Promise<void> {
  const decoder = new TextDecoder()
  const toTerminal = async (text: string) => output.stdout(printable(text.replaceAll('\r', '')))
  const write =
    output.octets ?? ((octets: Uint8Array) => toTerminal(decoder.decode(octets, { stream: true })))
  for await (const chunk of content.stream()) await write(chunk as Uint8Array)
  if (output.octets === undefined) await toTerminal(decoder.decode())
}

async function message(context: CliContext, service: Queue, id: string): Promise<CommandOutput | undefined> {
  const { content } = await service.message(id)
  if (!context.json) {
    await printContent(context.output, content)
    return undefined
  }
  return { json: { id, base64: (await readAll(content)).toString('base64') }, text: '' }
}

/** `queue show`. */
export const queueShowCommand: CoreCommand = {
  usage: 'queue show <id>',
  summary: 'show everything about one message of the queue, and its header',
  options: [
    { flags: '--message', summary: 'print the message itself, as it would be sent, and nothing else' },
  ],
  examples: [
    'mailwright queue show 1kd5m0r5q8w2x7c9v',
    'mailwright queue show 1kd5m0r5q8w2x7c9v --message > kept.eml',
  ],
  action: (context, [id = ''], options) =>
    withHost(context, (host) => {
      const service = host.service(queue)
      return options.message === true ? message(context, service, id) : show(context, service, id)
    }),
}
