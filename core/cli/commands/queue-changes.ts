import { errorCode } from '../../errors.ts'
import { notQueued } from '../../flow/empty-queue.ts'
import { formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import type { CommandOutput } from '../../plugin.ts'
import { type Queue, type QueueSelection, queue } from '../../services/queue.ts'
import { addressArgument, UsageError, withHost } from '../context.ts'
import { printable } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { given } from './quantities.ts'
import { idsOf, selectionOf, selectionOptions } from './queue-selection.ts'
import { countText } from './queue-text.ts'

type Options = Parameters<CoreCommand['action']>[2]

interface Untold {
  readonly id: string
  readonly reason: 'damaged' | 'unread'
}

const whyUntold: Readonly<Record<Untold['reason'], string>> = {
  damaged: 'are damaged: they are held, and nobody was told of them',
  unread: 'are given up; their sender is told later, since the message cannot be read now',
}

/** A command that does the same to each message that is named or selected. */
interface Change {
  readonly verb: string
  /** As in `held 3 messages`. */
  readonly done: string
  readonly summary: string
  readonly options?: CoreCommand['options']
  readonly examples?: readonly string[]
  /** `untold` is for the ids of messages with recipients of whom nobody can tell, or not yet. */
  run(
    service: Queue,
    selection: QueueSelection,
    options: Options,
    untold: (id: string, reason: Untold['reason']) => void,
  ): Promise<number>
}

const allOption = { flags: '--all', summary: 'every message that is queued' }

const changes: readonly Change[] = [
  {
    verb: 'flush',
    done: 'flushed',
    summary: 'try messages now: those that are named, or all',
    examples: ['mailwright queue flush', 'mailwright queue flush --destination example.net'],
    run: (service, selection) => service.flush(selection),
  },
  {
    verb: 'requeue',
    done: 'requeued',
    summary: 'ask again where messages go, as for new ones, and try them now',
    examples: ['mailwright queue requeue --all'],
    run: (service, selection) => service.requeue(selection),
  },
  {
    verb: 'hold',
    done: 'held',
    summary: 'keep messages from being tried until they are released',
    options: [{ flags: '--reason <text>', summary: 'why; shown by "queue list"' }],
    examples: ['mailwright queue hold --sender @example.net --reason "looks like spam"'],
    run: (service, selection, { reason }) => service.hold(selection, given(reason) ? reason : undefined),
  },
  {
    verb: 'release',
    done: 'released',
    summary: 'let held messages be tried again',
    examples: ['mailwright queue release --all'],
    run: (service, selection) => service.release(selection),
  },
  {
    verb: 'delete',
    done: 'deleted',
    summary: 'remove messages without telling their senders',
    examples: [
      'mailwright queue delete 1kd5m0r5q8w2x7c9v',
      'mailwright queue delete --sender spammer@example.org',
    ],
    run: (service, selection) => service.remove(selection),
  },
  {
    verb: 'bounce',
    done: 'bounced',
    summary: 'give messages up now, and tell their senders',
    examples: ['mailwright queue bounce --destination example.net'],
    run: (service, selection, _options, untold) => service.bounce(selection, untold),
  },
]

/** What a command shall work on: a selection for each id, or one; undefined where nothing was said. */
function selectionsOf(words: readonly string[], options: Options): readonly QueueSelection[] | undefined {
  const [ids, selection] = [idsOf(words), selectionOf(options)]
  const named = ids.length > 0 || Object.keys(selection).length > 0
  if (options.all === true && named) throw new UsageError('say --all, or which messages; not both')
  if (ids.length > 0) return ids.map((id) => ({ ...selection, id }))
  return named || options.all === true ? [selection] : undefined
}

/** One id that is not there does not keep the others from their change. */
async function apply(
  change: Change,
  service: Queue,
  selections: readonly QueueSelection[],
  options: Options,
) {
  const [missing, untold]: [string[], Untold[]] = [[], []]
  let messages = 0
  for (const selection of selections) {
    try {
      messages += await change.run(service, selection, options, (id, reason) => untold.push({ id, reason }))
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_NOT_FOUND' || selection.id === undefined) throw error
      missing.push(selection.id)
    }
  }
  return { messages, missing, untold }
}

function report(
  done: string,
  { messages, missing, untold }: Awaited<ReturnType<typeof apply>>,
): CommandOutput {
  const [first] = missing
  if (messages + untold.length === 0 && first !== undefined && missing.length === 1) notQueued(first)
  return {
    json: { done, messages, missing, ...(untold.length === 0 ? {} : { untold: untold.map(({ id }) => id) }) },
    text: [
      `${done} ${countText(messages, 'message')}`,
      ...missing.map((id) => `no message ${printable(id)} is queued`),
      ...untold.map(({ id, reason }) => `recipients of ${printable(id)} ${whyUntold[reason]}`),
    ].join('\n'),
    exitCode: missing.length + untold.length === 0 ? 0 : 1,
  }
}

function commandOf(change: Change): CoreCommand {
  const { verb, done, summary, options = [], examples = [] } = change
  return {
    usage: `queue ${verb} [id...]`,
    summary,
    options: [...selectionOptions, allOption, ...options],
    examples,
    action: async (context, words, given) => {
      const selections = selectionsOf(words, given) ?? (verb === 'flush' ? [{}] : undefined)
      if (selections === undefined)
        throw new UsageError(
          `nothing was ${done}: name messages by id, by --sender and the like, or say --all`,
        )
      return withHost(context, async (host) => {
        return report(done, await apply(change, host.service(queue), selections, given))
      })
    },
  }
}

const redirect: CoreCommand = {
  usage: 'queue redirect <id> <from> <to>',
  summary: 'put another address in the place of a recipient who waits',
  examples: ['mailwright queue redirect 1kd5m0r5q8w2x7c9v someone@example.net someone@example.org'],
  action: async (context, [id = '', fromWord = '', toWord = '']) => {
    const [from, to] = [addressArgument(fromWord), addressArgument(toWord)]
    return withHost(context, async (host) => {
      await host.service(queue).redirect(id, from, to)
      const text = `redirected ${printable(id)} from ${formatUnicodeAddress(from)} to ${formatUnicodeAddress(to)}`
      return { json: { id, from: formatAddress(from), to: formatAddress(to) }, text }
    })
  },
}

/** The commands that change what waits. */
export const queueChangeCommands: readonly CoreCommand[] = [...changes.map(commandOf), redirect]
