import { isPermanent, type Reply, reply } from 'mailwright'
import { lineText, parseCommandLine } from './command-line.ts'
import { bye, notServed, tooManyErrors } from './replies.ts'
import type { Answer } from './session.ts'

// As many as a client has under way that does not look at replies.
const mostCommands = 20

/**
 * A client that is refused as such. RFC 5321 §3.1: it gets 554 in place of the greeting, and whatever it says then but QUIT is
 * answered with 503; 521 is a greeting, too (RFC 7504 §3). Who may come back later gets 421, which ends the connection.
 */
export class RefusedClient {
  readonly greeting: Reply
  #commands = 0

  constructor(refusal: Reply) {
    const { code, enhanced, lines } = refusal
    const greetings = isPermanent(refusal) ? [554, 521] : [421]
    this.greeting = greetings.includes(code) ? refusal : reply(greetings[0] ?? code, enhanced, lines)
  }

  /** Whether it may still say something. */
  get mayStay(): boolean {
    return isPermanent(this.greeting)
  }

  answer(line: Buffer): Answer {
    if (parseCommandLine(lineText(line) ?? '').verb === 'QUIT') return { reply: bye, next: 'close' }
    this.#commands += 1
    return { reply: this.#commands < mostCommands ? notServed : tooManyErrors }
  }
}
