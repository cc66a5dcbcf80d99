import type { AccountKnowledge } from './account-knowledge.ts'
import { MailboxView } from './mailbox-view.ts'
import { demand } from './protocol-violation.ts'
import type { Response, StatusResponse } from './response.ts'
import type { SentCommand } from './sent-command.ts'
import type { SessionState } from './untagged-rules.ts'

/** A SELECT or EXAMINE that runs: what it has told so far. */
export class Selection {
  readonly command: SentCommand
  readonly view: MailboxView
  readonly #knowledge: AccountKnowledge
  readonly #told = new Set<string>()

  constructor(command: SentCommand, knowledge: AccountKnowledge) {
    this.command = command
    this.#knowledge = knowledge
    this.view = new MailboxView(mailboxOf(command), knowledge)
  }

  /** Notes what is told of the mailbox. */
  heard(response: Response): void {
    if (response.kind !== 'status') {
      this.#told.add(response.kind)
      return
    }
    const { code } = response
    if (code === undefined || response.tag !== undefined) return
    this.#told.add(code.name)
    if (code.name === 'NOMODSEQ') this.view.hasModSequences = false
    const { number } = code
    if (number === undefined) return
    if (code.name === 'UIDVALIDITY') this.#knowledge.hasValidity(this.view.mailbox, number)
    if (code.name === 'UIDNEXT') this.view.hasUidNext(number)
    if (code.name === 'HIGHESTMODSEQ') this.#knowledge.hasHighestModSequence(this.view.mailbox, number)
  }

  /** Demands all that a mailbox opened must tell (RFC 9051 §6.3.2, RFC 3501 §6.3.1). */
  demandComplete({ code }: StatusResponse, state: SessionState): void {
    const required = state.rev2
      ? ['flags', 'exists', 'list', 'PERMANENTFLAGS', 'UIDNEXT', 'UIDVALIDITY']
      : ['flags', 'exists', 'recent', 'UIDVALIDITY']
    for (const name of required)
      demand(this.#told.has(name), `${this.command.name} told no ${name.toUpperCase()}`)
    // RFC 7162 §3.1.2
    if (state.condstore)
      demand(
        this.#told.has('HIGHESTMODSEQ') || this.#told.has('NOMODSEQ'),
        `${this.command.name} told no HIGHESTMODSEQ and no NOMODSEQ`,
      )
    // RFC 9051 §6.3.3: EXAMINE always answers READ-ONLY; §6.3.2 leaves SELECT the choice.
    if (this.command.name === 'EXAMINE') demand(code?.name === 'READ-ONLY', 'EXAMINE without READ-ONLY')
    else demand(['READ-ONLY', 'READ-WRITE', undefined].includes(code?.name), `SELECT with ${code?.name}`)
  }
}

/** The name as the client wrote it, in upper case: it is the same for every session. */
export function mailboxOf({ text }: SentCommand): string {
  const [, quoted, literal, atom] = /^(?:"((?:[^"\\]|\\.)*)"|\{\d+\+?\}\r\n(\S+)|(\S+))/.exec(text) ?? []
  return (quoted ?? literal ?? atom ?? '').replaceAll(/\\(.)/g, '$1')
}
