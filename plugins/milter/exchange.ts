import { type Clock, UnavailableError } from 'mailwright'
import { MilterConnection } from './connection.ts'
import { type Macros, macroPacket } from './macros.ts'
import type { MilterSettings } from './milter.ts'
import type { Modifications } from './modifications.ts'
import { type Agreement, type MacroStage, offer, readAgreement, readMacroChoice } from './negotiation.ts'
import { formatPacket, type Packet, PacketParts } from './packet.ts'
import { actions, commands, type Stage, stages, versions } from './protocol.ts'
import { readVerdict, type Verdict } from './verdict.ts'

/** What a milter is asked. */
export interface Question {
  readonly parts?: readonly (string | Buffer)[]
  /** Values to choose from. Absent: no macros go with it. */
  readonly macros?: Macros
  /** Collects what the milter changes: at the end of a message. */
  readonly modifications?: Modifications
}

const goOn: Verdict = { kind: 'continue' }
// Of all packets with which a milter may put off one answer.
const mostDelays = 10_000

/** Questions and answers between a session and a milter, in the form that both agreed on. */
export class Exchange {
  readonly agreement: Agreement
  /** The clock's monotonic time by which all has to be over. */
  deadline: number | undefined
  readonly #connection: MilterConnection
  readonly #settings: MilterSettings
  readonly #clock: Clock
  readonly #macros: Map<MacroStage, readonly string[]>
  #isBusy = false

  private constructor(
    connection: MilterConnection,
    agreement: Agreement,
    settings: MilterSettings,
    clock: Clock,
  ) {
    this.#connection = connection
    this.agreement = agreement
    this.#settings = settings
    this.#clock = clock
    this.#macros = new Map(agreement.macros)
  }

  /** Connects and agrees; `reached` is called in between. MAIL_E_UNAVAILABLE */
  static async open(settings: MilterSettings, clock: Clock, reached: () => void): Promise<Exchange> {
    const { address, timeouts, maxChunk, maxBody } = settings
    const limits = { longest: maxChunk === '64K' ? 131_070 : 2_097_152, longestBody: maxBody }
    const connection = new MilterConnection(address, limits, clock)
    try {
      await connection.opened(timeouts.connect)
      reached()
      await connection.send(offer(maxChunk), timeouts.command)
      const agreement = readAgreement(await connection.read(timeouts.command), maxChunk)
      return new Exchange(connection, agreement, settings, clock)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  has(flag: number): boolean {
    return (this.agreement.flags & flag) !== 0
  }

  /** Whether the milter is asked at that stage. */
  wants(stage: Stage): boolean {
    const { unwanted, since = versions.oldest } = stages[stage]
    return !this.has(unwanted) && this.agreement.version >= since
  }

  /** Asks, and waits for the verdict, where the milter wants the one and gives the other. MAIL_E_UNAVAILABLE */
  async ask(stage: Stage, { parts = [], macros, modifications }: Question = {}): Promise<Verdict> {
    const { command, silent } = stages[stage]
    const told =
      macros === undefined ? undefined : macroPacket(stage, macros, this.#macros, this.#settings.macros)
    const packets = [
      ...(told === undefined ? [] : [told]),
      ...(this.wants(stage) ? [formatPacket(command, ...parts)] : []),
    ]
    const isAnswered = this.wants(stage) && !this.has(silent)
    // It would be taken for the answer, and the answer for that of the next question.
    if (isAnswered && this.#connection.hasUnread)
      throw new UnavailableError('it answered before it was asked')
    this.#isBusy = true
    await this.#connection.send(Buffer.concat(packets), this.#patience(stage))
    const verdict = isAnswered ? await this.#verdict(stage, modifications) : goOn
    this.#isBusy = false
    return verdict
  }

  /** The message is over before its end: nobody answers. */
  abort(): void {
    // In the middle of a question nobody knows what an answer would belong to.
    if (this.#isBusy) this.#connection.close()
    else this.#connection.post(formatPacket(commands.abort))
  }

  close(): void {
    this.#connection.close(this.#isBusy ? undefined : formatPacket(commands.quit))
  }

  async #verdict(stage: Stage, modifications: Modifications | undefined): Promise<Verdict> {
    for (let delays = 0; delays < mostDelays; delays += 1) {
      const packet = await this.#connection.read(this.#patience(stage))
      const verdict = readVerdict(packet)
      if (verdict !== undefined) return verdict
      if (this.#delays(packet) || (await modifications?.take(packet)) === true) continue
      throw new UnavailableError(
        `it answered with ${JSON.stringify(packet.code)}, which has no meaning there`,
      )
    }
    throw new UnavailableError('it put off its answer for ever')
  }

  /** Whether the packet only says that the answer will come. */
  #delays(packet: Packet): boolean {
    if (packet.code === 'p') {
      new PacketParts(packet).end()
      return true
    }
    if (packet.code !== 'l' || (this.agreement.actions & actions.chooseMacros) === 0) return false
    const [stage, names] = readMacroChoice(new PacketParts(packet))
    if (stage !== undefined) this.#macros.set(stage, names)
    return true
  }

  /** Milliseconds to wait for the next sign of life. */
  #patience(stage: Stage): number {
    const { command, message } = this.#settings.timeouts
    const isMessage = !['connect', 'hello', 'mail', 'recipient'].includes(stage)
    const usual = isMessage ? message : command
    const left = this.deadline === undefined ? usual : this.deadline - this.#clock.monotonic()
    return Math.max(0, Math.min(usual, left))
  }
}
