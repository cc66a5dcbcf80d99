import type { Socket } from 'node:net'
import { UnavailableError } from 'mailwright'
import { AnswerReader } from './answer.ts'

interface Waiting {
  readonly resolve: (action: string) => void
  readonly reject: (error: Error) => void
}

/** A connection to a policy server: one question at a time. Whatever is not as it should be ends it for good. */
export class PolicyConnection {
  readonly openedAt: number
  #answered = 0
  #open = true
  #isHeard = false
  #waiting: Waiting | undefined
  #reader = new AnswerReader()
  readonly #socket: Socket
  readonly #ended: (connection: PolicyConnection) => void

  /** `ended` is called once, when the connection cannot be used any more. */
  constructor(socket: Socket, openedAt: number, ended: (connection: PolicyConnection) => void) {
    this.openedAt = openedAt
    this.#socket = socket
    this.#ended = ended
    socket.on('data', (octets: Buffer) => this.#read(octets))
    socket.on('error', (error) => this.close(new UnavailableError('the connection failed', { cause: error })))
    socket.on('end', () => this.close(new UnavailableError('it closed the connection without an answer')))
    socket.on('close', () => this.close())
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** It has answered before and fell silent without a word now: most likely it had been closed while nobody used it. */
  get isStale(): boolean {
    return !this.#open && this.#answered > 0 && !this.#isHeard
  }

  /** The action that the server answers. MAIL_E_UNAVAILABLE where none comes; the connection has ended then. */
  ask(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (!this.#open || this.#waiting !== undefined) {
        reject(new UnavailableError('the connection cannot be used'))
        return
      }
      this.#waiting = { resolve, reject }
      this.#isHeard = false
      this.#reader = new AnswerReader()
      this.#socket.write(request)
    })
  }

  /** Ends it. Whoever waits for an answer gets the error. */
  close(error: Error = new UnavailableError('the connection was closed')): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.destroy()
    this.#waiting?.reject(error)
    this.#waiting = undefined
    this.#ended(this)
  }

  #read(octets: Buffer): void {
    const waiting = this.#waiting
    if (waiting === undefined) {
      // What nobody has asked for would be taken for the answer to the next question.
      this.close()
      return
    }
    this.#isHeard = true
    try {
      const action = this.#reader.push(octets)
      if (action === undefined) return
      this.#waiting = undefined
      this.#answered++
      waiting.resolve(action)
    } catch (error) {
      this.close(error as Error)
    }
  }
}
