import {
  type Address,
  type Batch,
  type BatchItem,
  type Clock,
  errorText,
  formatAddress,
  type Log,
  notWithoutOthers,
  type Outcome,
  type Reply,
  reply,
  Slots,
} from 'mailwright'
import type { PipeOptions } from '../options.ts'
import { expandWords, type MacroSource, macroValues, namedMacros } from './arguments.ts'
import { outcomeOfEnd } from './exit-status.ts'
import { programInput } from './program-input.ts'
import { NotStarted, runProgram } from './run-program.ts'
import { root, type UserIds, userIds } from './user-ids.ts'

// RFC 3463 §3.2: 5.1.3 is "bad destination mailbox address syntax", 5.1.7 that of the sender; §3.3: 5.2.3 is "message length
// exceeds administrative limit"; §3.5: 5.4.6 is "routing loop detected".
const optionLike = reply(550, '5.1.3', 'An address that begins with "-" is not handed to a program')
const tooLarge = reply(552, '5.2.3', 'The message is larger than the program for that address takes')
const loop = reply(554, '5.4.6', 'This message has been delivered to that address before')
const notRun: Outcome = {
  kind: 'deferred',
  reply: reply(451, '4.3.5', 'The program for that address cannot be run now, try again later'),
}
/** Nobody's mail gets there. */
const notStarted: Outcome = { ...notRun, concerns: 'destination' }

/** Hands messages to programs, one recipient a call. */
export class PipeDelivery {
  readonly #pipes: ReadonlyMap<string, PipeOptions>
  readonly #slots: ReadonlyMap<string, Slots>
  readonly #ids = new Map<string, UserIds | undefined>()
  readonly #clock: Clock
  readonly #log: Log
  readonly #detailSeparator: string

  constructor(
    pipes: ReadonlyMap<string, PipeOptions>,
    { clock, log, detailSeparator }: { clock: Clock; log: Log; detailSeparator: string },
  ) {
    this.#pipes = pipes
    this.#slots = new Map([...pipes].map(([name, { maxProcesses }]) => [name, new Slots(maxProcesses)]))
    this.#clock = clock
    this.#log = log
    this.#detailSeparator = detailSeparator
  }

  /** Finds the users that programs run as. MAIL_E_START where one cannot be had. */
  async start(): Promise<void> {
    for (const [name, { user }] of this.#pipes) this.#ids.set(name, await userIds(user))
  }

  /** Whether there are such users. MAIL_E_START; whether this process may become them is for the one that serves. */
  async check(): Promise<void> {
    for (const { user } of this.#pipes.values()) if (user !== undefined) await userIds(user, root)
  }

  async deliver(
    { name, nextHop }: { readonly name: string; readonly nextHop?: string },
    items: readonly BatchItem[],
    batch: Batch,
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    for (const item of items) {
      const stopped = batch.atomic && outcomes.some(({ kind }) => kind !== 'delivered')
      outcomes.push(stopped ? notWithoutOthers : await this.#run(name, nextHop, item, batch, signal))
    }
    return outcomes
  }

  /** What is refused before there is a message. The sender may have another name by then. */
  refusal(
    { name, nextHop }: { readonly name: string; readonly nextHop?: string },
    address: Address,
  ): Reply | undefined {
    const pipe = this.#pipes.get(name)
    if (pipe === undefined) return undefined
    const item = { route: { address }, recipient: address, reversePath: null, message: { size: 0 } }
    const [program, ...words] = pipe.command
    const known = words.filter((word) => !namedMacros(word).includes('sender'))
    const expanded = this.#words({ ...pipe, command: [program, ...known] }, item, { nextHop, queueId: '0' })
    return expanded === undefined ? optionLike : undefined
  }

  /** The words behind the program's own; undefined where an address would become an option. */
  #words(
    { command: [, ...words], flags, nullSender }: PipeOptions,
    item: MacroSource,
    { nextHop, queueId }: { readonly nextHop: string | undefined; readonly queueId: string },
  ): readonly string[] | undefined {
    const detailSeparator = this.#detailSeparator
    return expandWords(words, macroValues(item, { flags, nullSender, detailSeparator, nextHop, queueId }))
  }

  async #run(
    name: string,
    nextHop: string | undefined,
    item: BatchItem,
    { id }: Batch,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const pipe = this.#pipes.get(name)
    if (pipe === undefined) return notStarted
    if (item.message.size > pipe.maxSize) return { kind: 'failed', reply: tooLarge }
    if (pipe.flags.has('D') && wasHere(item)) return { kind: 'failed', reply: loop }
    const { flags, nullSender, lineEnd } = pipe
    const [program] = pipe.command
    const expanded = this.#words(pipe, item, { nextHop, queueId: id })
    if (expanded === undefined) return { kind: 'failed', reply: optionLike }
    const slots = this.#slots.get(name)
    try {
      const ended = await slots?.run(() =>
        runProgram({
          words: [program, ...expanded],
          input: programInput(item, { flags, nullSender, lineEnd, now: new Date(this.#clock.now()) }),
          env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', ...pipe.env },
          folder: pipe.directory,
          ids: this.#ids.get(name),
          timeout: pipe.timeout,
          clock: this.#clock,
          signal,
        }),
      )
      return ended === undefined ? notRun : outcomeOfEnd(ended)
    } catch (error) {
      this.#log.error('unavailable', { transaction: id, service: `pipe ${name}`, error: errorText(error) })
      return error instanceof NotStarted ? notStarted : notRun
    }
  }
}

function wasHere({ message, route }: BatchItem): boolean {
  const address = formatAddress(route.address).toLowerCase()
  return message.header.all('Delivered-To').some((field) => field.body.toLowerCase() === address)
}
