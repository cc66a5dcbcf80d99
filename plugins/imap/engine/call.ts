import { errorCode } from 'mailwright'
import type { ImapCall, ImapCommand, ImapResult, ImapSelected } from 'mailwright/imap'
import type { LineConnection } from 'mailwright/network'
import { ConnectionLost } from 'mailwright/network'
import { Arguments } from './arguments.ts'
import type { ReadCommand } from './command-reader.ts'
import { bad, isTrouble, Refusal, resultOf } from './result.ts'
import type { Session } from './session.ts'
import { showing } from './showing.ts'

/** What a call needs of the conversation that it is a part of. */
export interface CallSurroundings {
  readonly connection: LineConnection
  /** Milliseconds that the client may take for a line. */
  patience(): number
  /** Runs while nothing else is done: what waits to be pushed is pushed meanwhile. */
  waiting<T>(wait: () => Promise<T>): Promise<T>
  report(error: unknown): void
}

/** One command that is being answered. */
export class Call implements ImapCall {
  readonly tag: string
  readonly name: string
  readonly byUid: boolean
  readonly session: Session
  readonly args: Arguments
  readonly #surroundings: CallSurroundings

  constructor(session: Session, { head, parts }: ReadCommand, surroundings: CallSurroundings) {
    this.tag = head.tag
    this.name = head.name
    this.byUid = head.name.startsWith('UID ')
    this.session = session
    this.args = new Arguments(parts, session)
    this.#surroundings = surroundings
  }

  /** Tells the postmaster of an error that the client is not told of. */
  report(error: unknown): void {
    this.#surroundings.report(error)
  }

  continuation(text: string, limit: number): Promise<string> {
    this.session.out.write(`+ ${text}\r\n`)
    return this.readLine(limit)
  }

  async readLine(limit: number): Promise<string> {
    const { connection, patience, waiting } = this.#surroundings
    await this.session.out.flush()
    const read = await waiting(() => connection.readLine(limit, patience()))
    if (read.kind === 'line') return read.octets.toString('latin1')
    if (read.kind === 'closed') throw new ConnectionLost()
    if (read.kind === 'timeout') this.session.end('idle for too long')
    else this.session.end('line without end')
    throw new Refusal(bad(read.kind === 'timeout' ? 'You took too long' : 'The line is too long'))
  }
}

/** Runs a command in the state in which it may be given. */
export async function runCommand(call: Call, command: ImapCommand | undefined): Promise<ImapResult> {
  const { session } = call
  if (command === undefined) return bad('Unknown command')
  if (!command.states.includes(session.state)) return bad(`${call.name} is not possible now`)
  if (call.session.enabled.has('UIDONLY') && command.keepsNumbers && !call.byUid)
    return bad('Only UIDs are in use', 'UIDREQUIRED')
  const before = session.selected
  const result = await run(call, command)
  // What was opened just now is as fresh as can be.
  if (session.selected === before && result.status !== 'BAD') await tellNews(call, command, result)
  return result
}

/** Where the store has refused, the selected mailbox may be another one by now, or gone: no command will ever work then. */
async function run(call: Call, command: ImapCommand): Promise<ImapResult> {
  const { session } = call
  const { selected } = session
  if (selected !== undefined && command.keepsNumbers === true)
    await showing(session, () => selected.readAfresh())
  try {
    return await command.run(call)
  } catch (error) {
    await requireSelected(session.selected, error).catch((found: unknown) => {
      if (session.ending !== undefined || resultOf(found) === undefined) throw found
    })
    throw error
  }
}

async function requireSelected(selected: ImapSelected | undefined, failure: unknown): Promise<void> {
  if (errorCode(failure) === 'MAIL_E_NOT_FOUND') await selected?.requireThere()
  else if (isTrouble(failure)) await selected?.requireSame(failure)
}

/** What has changed in the selected mailbox is told before the tagged response. */
async function tellNews(
  call: Call,
  command: ImapCommand,
  { status, keepsNumbers }: ImapResult,
): Promise<void> {
  const { session, byUid } = call
  try {
    await session.selected?.update({
      // RFC 9051 §7.5.1, RFC 7162 §3.2.10.2: UID commands may be told of expunges, unless numbers stand in them all the same.
      expunges: keepsNumbers !== true && (command.keepsNumbers !== true || byUid),
      look: command.looks === true,
    })
  } catch (error) {
    // What was done is done: a client that were told NO would do it once more.
    if (status !== 'OK' || command.looks === true || resultOf(error) === undefined) throw error
    if (isTrouble(error)) call.report(error)
    if (session.ending !== undefined) session.out.untagged(`BYE ${session.ending}`)
  }
}
