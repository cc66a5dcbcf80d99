import type { Socket } from 'node:net'
import { type Account, errorCode, type SessionFlow } from 'mailwright'
import type { ImapComingLiteral, ImapResult } from 'mailwright/imap'
import {
  ConnectionLost,
  type Endpoints,
  LineConnection,
  type ServerTls,
  sessionOver,
} from 'mailwright/network'
import { Arguments } from './arguments.ts'
import { Call, runCommand } from './call.ts'
import { type CommandRead, CommandReader, type ReadCommand } from './command-reader.ts'
import { QuietTasks } from './quiet-tasks.ts'
import { checkedResult } from './response-octets.ts'
import { bad, isTrouble, no, Refusal, refusalOf, resultOf, resultText } from './result.ts'
import type { Server } from './server.ts'
import { Session } from './session.ts'

const stopReason = 'server stops'
/** Octets of a command before somebody has logged in: passwords and tokens are no longer. */
const commandBeforeLogin = 16_384

/** Talks with one client, from the greeting to the end. Make it, then `run` it. */
export class Conversation {
  readonly #server: Server
  readonly #connection: LineConnection
  readonly #flow: SessionFlow
  readonly #session: Session
  readonly #reader: CommandReader
  readonly #quiet = new QuietTasks()
  readonly #address: string
  #faults = 0
  #stopping = false
  #reason = 'connection lost'
  /** The command that was begun last. */
  #command: string | undefined
  /** Resolves when nothing more is done for the client. */
  #ran: Promise<void> = Promise.resolve()

  constructor(socket: Socket, server: Server, tls: ServerTls | undefined, ends: Endpoints) {
    const { clock, options } = server
    this.#server = server
    this.#address = `address ${ends.remote.address}`
    const end = (reason: string): void => this.#push(async () => this.#session.end(reason))
    const accountChanged = (account: Account): void => this.#session.accountChanged(account)
    this.#flow = server.flow.openSession({ role: 'imap', ...ends, end, accountChanged })
    this.#connection = new LineConnection(socket, clock, options.writeTimeout)
    const patience = (): number => this.#patience()
    this.#session = new Session(server, this.#flow, this.#connection, {
      tls,
      whenQuiet: (task) => this.#push(task),
      patience,
    })
    this.#reader = new CommandReader(this.#connection, {
      patience,
      limits: () => this.#limits(),
      admit: (command, literal) => this.#admit(command, literal),
      receive: () => server.receive(),
    })
  }

  /**
   * Resolves when the session is over and its socket closed. A command whose client has left keeps what it works with, the
   * mailbox above all, until it is back. Never rejects.
   */
  run(): Promise<void> {
    const { counts, options, clock, log } = this.#server
    const leave = counts.enter(this.#address, options.maxConnectionsPerAddress)
    this.#ran = this.#run(leave !== undefined)
    return sessionOver({
      ended: this.#ran,
      closed: this.#connection.closed,
      clock,
      leave: () => {
        this.#session.leaveCount()
        leave?.()
        this.#flow.close(this.#reason)
      },
      stuck: (level) => {
        const session = this.#flow.session.id
        log[level]('stuck', { session, text: 'the client has left', command: this.#command })
      },
    })
  }

  /** Ends the session; the command that is being answered is answered first. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#push(async () => {
      this.#reason = stopReason
      this.#session.out.untagged(`BYE ${this.#server.hostname} stops`)
      await this.#session.out.flush()
      this.#connection.end()
    })
    await this.#ran
    await this.#connection.closed
  }

  async #run(entered: boolean): Promise<void> {
    try {
      await this.#talk(entered)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) {
        this.#report(error)
        this.#reason = 'internal error'
      } else if (error.cause !== undefined) this.#report(error.cause)
    }
    await this.#session.loggedOut().catch((error: unknown) => this.#report(error))
    this.#connection.end()
  }

  async #talk(entered: boolean): Promise<void> {
    const { out, transport } = this.#session
    if (this.#server.options.implicitTls) await transport.secure()
    const refused = entered ? await this.#flow.connect() : undefined
    if (!entered) return this.#bye('Too many connections from your address', 'too many connections')
    if (refused !== undefined) return this.#bye(refusalOf(refused).text, 'refused')
    const capabilities = this.#session.capabilities().join(' ')
    out.untagged(`OK [CAPABILITY ${capabilities}] ${this.#server.hostname} IMAP server ready`)
    while (!this.#stopping && this.#session.ending === undefined) {
      await out.flush()
      const read = await this.#quiet.during(() => this.#reader.next())
      if (!(await this.#answer(read))) return
    }
    if (this.#session.ending === undefined) return this.#bye(`${this.#server.hostname} stops`, stopReason)
    this.#reason = this.#session.ending
    await out.flush()
  }

  async #bye(text: string, reason: string): Promise<void> {
    this.#reason = reason
    this.#session.out.untagged(`BYE ${text}`)
    await this.#session.out.flush()
  }

  /** Whether there is more to come. */
  async #answer(read: CommandRead): Promise<boolean> {
    switch (read.kind) {
      case 'closed':
        return false
      case 'timeout':
        await this.#bye('You were idle for too long', 'idle for too long')
        return false
      case 'fault':
        this.#tagged(read.tag, read.result)
        if (!read.fatal) return this.#countFault()
        await this.#bye('The command cannot be read', 'command too long')
        return false
      case 'command':
        return this.#answerCommand(read)
    }
  }

  async #answerCommand(read: ReadCommand): Promise<boolean> {
    const session = this.#session
    const { head } = read
    this.#command = head.name
    session.out.restart()
    let result: ImapResult
    try {
      const call = new Call(session, read, {
        connection: this.#connection,
        patience: () => this.#patience(),
        waiting: (wait) => this.#quiet.during(wait),
        report: (error) => this.#report(error),
      })
      result = await runCommand(call, this.#server.vocabulary.commands.get(head.name))
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      result = this.#resultOf(error, head.name)
    } finally {
      await read.dispose()
    }
    result = this.#checked(result, head.name)
    if (session.ending !== undefined && result.status !== 'OK') session.out.untagged(`BYE ${session.ending}`)
    if (result.silent !== true) this.#tagged(head.tag, result)
    if (result.status === 'BAD') return this.#countFault()
    // Clients try what a server may not know; who does real work between is none that only probes.
    if (result.status === 'OK' && session.state !== 'not authenticated') this.#faults = 0
    return true
  }

  #resultOf(error: unknown, command: string): ImapResult {
    const result = resultOf(error)
    if (result === undefined || isTrouble(error)) this.#report(error, command)
    return result ?? no('Something went wrong here', 'SERVERBUG')
  }

  #checked(answered: ImapResult, command: string): ImapResult {
    const { result, problem } = checkedResult(answered)
    if (problem !== undefined) this.#report(new TypeError(`a command answered ${problem}`), command)
    return result
  }

  #tagged(tag: string, result: ImapResult): void {
    this.#session.out.write(`${tag} ${resultText(result)}\r\n`)
  }

  async #countFault(): Promise<boolean> {
    this.#faults += 1
    if (this.#faults < this.#server.options.maxErrors) return true
    await this.#bye('Too many mistakes', 'too many faults')
    return false
  }

  #push(task: () => Promise<void>): void {
    this.#quiet.add(async () => {
      try {
        await task()
        await this.#session.out.flush()
      } catch (error) {
        if (!(error instanceof ConnectionLost || error instanceof Refusal)) this.#report(error)
      }
      const { ending } = this.#session
      if (ending === undefined) return
      await this.#bye(ending, ending).catch(() => undefined)
      this.#connection.end()
    })
  }

  #report(error: unknown, command?: string): void {
    // Made only where it is needed: most sessions log nothing.
    const log = this.#server.log.child({ session: this.#flow.session.id, ...(command && { command }) })
    if (errorCode(error) === undefined) log.error('internal-error', { error })
    else log.warn('unavailable', { error })
  }

  /** Milliseconds that the client may take. */
  #patience(): number {
    const { clock, options } = this.#server
    if (this.#session.state !== 'not authenticated') return options.idleTimeout
    return Math.max(0, this.#session.loginDeadline - clock.monotonic())
  }

  #limits(): { command: number; discarded: number } {
    const { limits } = this.#server
    if (this.#session.state === 'not authenticated') return { command: commandBeforeLogin, discarded: 0 }
    return { command: limits.commandSize, discarded: 2 * limits.messageSize }
  }

  async #admit(
    { head, parts }: Omit<ReadCommand, 'kind' | 'dispose'>,
    literal: ImapComingLiteral,
  ): Promise<ImapResult | 'memory' | 'spool'> {
    const command = this.#server.vocabulary.commands.get(head.name)
    if (command === undefined) return bad('Unknown command')
    if (!command.states.includes(this.#session.state)) return bad(`${head.name} is not possible now`)
    if (command.literals === undefined) return 'memory'
    try {
      const args = new Arguments(parts, this.#session)
      const refused = await command.literals.admit(args, literal, this.#session)
      return refused ?? 'spool'
    } catch (error) {
      return this.#resultOf(error, head.name)
    }
  }
}
