import { AccountKnowledge } from './account-knowledge.ts'
import { demandPlaced } from './code-rules.ts'
import { demandAnswered, demandModSequence, demandTold, type Told } from './completion-rules.ts'
import { type Dialect, plainDialect } from './cursor.ts'
import type { MailboxView } from './mailbox-view.ts'
import { demand } from './protocol-violation.ts'
import type { DataResponse, Response, StatusResponse } from './response.ts'
import { isKnownCode } from './response-code.ts'
import { demandAnswersSearch } from './search-rules.ts'
import { mailboxOf, Selection } from './selection.ts'
import {
  enablesModSequences,
  isSearch,
  returnOptions,
  type SentCommand,
  sentCommand,
} from './sent-command.ts'
import { demandAllowed, type SessionState } from './untagged-rules.ts'

/**
 * Follows a session, and throws a ProtocolViolation where the server breaks a rule that is not one of syntax. It is told
 * what the client sends and what comes back, in this order. Sessions of one account share what they know of it.
 */
export class SessionChecker {
  /** How responses are to be read from now on. */
  readonly dialect: Dialect = plainDialect()
  readonly state: SessionState = {
    phase: 'greeting',
    rev2: false,
    condstore: false,
    qresync: false,
    uidOnly: false,
    metadata: false,
    notify: undefined,
    contexts: new Set(),
  }
  readonly #knowledge: AccountKnowledge
  readonly #running: SentCommand[] = []
  /** What was told while each command ran, by tag. */
  readonly #told = new Map<string, Set<string>>()
  readonly #tags = new Set<string>()
  /** The command that must be told HIGHESTMODSEQ. */
  #owedHighest: string | undefined
  #selection: Selection | undefined
  #view: MailboxView | undefined

  constructor(knowledge: AccountKnowledge = new AccountKnowledge()) {
    this.#knowledge = knowledge
  }

  /** The mailbox that is selected. */
  get view(): MailboxView | undefined {
    return this.#selection?.view ?? this.#view
  }

  /** The client sends a command; `line` begins with its tag. */
  sent(line: string): void {
    const command = sentCommand(line)
    this.#running.push(command)
    this.#told.set(command.tag, new Set())
    this.#tags.add(command.tag)
    if (enablesModSequences(command)) this.#enableModSequences(command)
    this.#beginSelection()
  }

  heard(response: Response): void {
    if (response.kind === 'continue') return
    for (const told of this.#told.values())
      told.add(
        response.kind === 'status' ? `${response.condition} ${response.code?.name ?? ''}` : response.kind,
      )
    if (response.kind === 'status') this.#heardStatus(response)
    else this.#heardData(response)
  }

  /** The connection has ended: every command was answered, or the server has said BYE. */
  ended(): void {
    demand(
      this.#running.length === 0 || this.state.phase === 'logout',
      `the connection ended while ${this.#running.map(({ name }) => name).join(', ')} ran`,
    )
  }

  /** A new mailbox is described as soon as SELECT is the oldest command; [CLOSED] ends the old one where it is sent. */
  #beginSelection(): void {
    const [oldest] = this.#running
    if (oldest === undefined || this.#selection?.command === oldest) return
    if (oldest.name !== 'SELECT' && oldest.name !== 'EXAMINE') return
    if (this.#view !== undefined && this.#closes) return
    this.#selection = new Selection(oldest, this.#knowledge)
  }

  /** Whether CLOSED ends a mailbox where another is selected (RFC 9051 §7.1, RFC 7162 §3.2.11). */
  get #closes(): boolean {
    const { capabilities } = this.dialect
    return this.state.rev2 || capabilities.has('CONDSTORE') || capabilities.has('QRESYNC')
  }

  /** The first command that asks for mod-sequences is told the mailbox's highest (RFC 7162 §3.1). */
  #enableModSequences({ tag }: SentCommand): void {
    if (!this.state.condstore && this.#view?.hasModSequences === true) this.#owedHighest = tag
    this.state.condstore = true
  }

  #heardStatus(response: StatusResponse): void {
    const { tag, condition, code } = response
    demand(
      code === undefined || isKnownCode(code.name) || code.name.startsWith('X'),
      `the code ${code?.name}`,
    )
    demandPlaced(response, this.state.uidOnly)
    if (this.state.phase === 'greeting') this.#greeted(response)
    else if (tag !== undefined) this.#completed(response)
    else if (condition === 'BYE') this.state.phase = 'logout'
    else demand(condition !== 'PREAUTH', 'PREAUTH, and it is no greeting')
    if (code?.name === 'CAPABILITY') this.dialect.capabilities = new Set(code.words)
    if (tag === undefined) this.#heardCode(response)
  }

  #greeted({ tag, condition }: StatusResponse): void {
    demand(tag === undefined && ['OK', 'PREAUTH', 'BYE'].includes(condition), `the greeting is ${condition}`)
    this.state.phase =
      condition === 'OK' ? 'not authenticated' : condition === 'PREAUTH' ? 'authenticated' : 'logout'
  }

  #heardCode(response: StatusResponse): void {
    if (response.code?.name === 'CLOSED') {
      const [oldest] = this.#running
      demand(
        this.#view !== undefined && oldest !== undefined && /^(SELECT|EXAMINE)$/.test(oldest.name),
        'CLOSED, and no other mailbox is being selected',
      )
      this.#view = undefined
      this.#beginSelection()
    }
    this.#selection?.heard(response)
    if (response.code?.name === 'HIGHESTMODSEQ' && this.#view !== undefined && this.#selection === undefined)
      this.#knowledge.mayHaveHighestModSequence(this.#view.mailbox, response.code.number ?? 0n)
  }

  #heardData(response: DataResponse): void {
    demandAllowed(response, this.#running, this.state)
    this.#selection?.heard(response)
    const view = this.view
    switch (response.kind) {
      case 'capability':
        this.dialect.capabilities = new Set(response.names)
        break
      case 'enabled':
        this.#enabled(response.names)
        break
      case 'exists':
        view?.exists(response.number)
        break
      case 'expunge':
        view?.expunge(response.number)
        break
      case 'vanished':
        if (!response.earlier) view?.vanished(response.uids)
        break
      case 'fetch':
        if (response.byUid) view?.fetchByUid(response.number, response.items)
        else view?.fetch(response.number, response.items)
        break
      case 'search':
      case 'sort':
        for (const number of response.numbers) view?.found(number, this.#searchesUids())
        break
      case 'esearch':
        demandAnswersSearch(
          response,
          this.#running,
          this.state.contexts.has(response.tag?.toUpperCase() ?? ''),
        )
        break
      case 'status-data':
        this.#heardItems(response.mailbox.toUpperCase(), response.items)
        break
      default:
    }
  }

  #searchesUids(): boolean {
    return this.#running.find(isSearch)?.name.startsWith('UID ') ?? false
  }

  #heardItems(mailbox: string, items: ReadonlyMap<string, bigint | string | undefined>): void {
    const [validity, next, highest] = ['UIDVALIDITY', 'UIDNEXT', 'HIGHESTMODSEQ'].map((name) =>
      items.get(name),
    )
    if (typeof validity === 'bigint') this.#knowledge.hasValidity(mailbox, validity)
    if (typeof next === 'bigint') this.#knowledge.hasUidNext(mailbox, next)
    // 0 stands for a mailbox without mod-sequences (RFC 7162 §7).
    if (typeof highest === 'bigint' && highest > 0n) this.#knowledge.hasHighestModSequence(mailbox, highest)
  }

  /** Only what was asked for is enabled (RFC 9051 §6.3.1). */
  #enabled(names: readonly string[]): void {
    const asked = this.#running.filter(({ name }) => name === 'ENABLE').flatMap(({ text }) => text.split(' '))
    for (const name of names) demand(asked.includes(name), `ENABLED tells ${name}, which nobody asked for`)
    const has = (name: string): boolean => names.includes(name)
    this.dialect.rev2 ||= has('IMAP4REV2')
    this.state.rev2 = this.dialect.rev2
    this.dialect.utf8 ||= has('UTF8=ACCEPT')
    this.state.qresync ||= has('QRESYNC')
    this.state.condstore ||= has('CONDSTORE') || has('QRESYNC')
    this.state.uidOnly ||= has('UIDONLY')
    this.state.metadata ||= has('METADATA') || has('METADATA-SERVER')
  }

  /** Each tag is answered once, and only a command's. */
  #completed(response: StatusResponse): void {
    const index = this.#running.findIndex(({ tag }) => tag === response.tag)
    const [command] = index < 0 ? [] : this.#running.splice(index, 1)
    demand(
      command !== undefined,
      `an answer to ${response.tag}, which ${this.#tags.has(response.tag ?? '') ? 'was answered before' : 'nobody sent'}`,
    )
    const told = this.#told.get(command.tag) ?? new Set()
    this.#told.delete(command.tag)
    demandAnswered(command, response)
    if (response.condition === 'OK') this.#succeeded(command, response, told)
    else if (this.#selection?.command === command) this.#leaveMailbox(response.condition === 'NO')
    this.view?.checkOrder()
    if (response.code?.name === 'HIGHESTMODSEQ' && this.view !== undefined)
      this.#knowledge.hasHighestModSequence(this.view.mailbox, response.code.number ?? 0n)
    this.#beginSelection()
  }

  #succeeded(command: SentCommand, response: StatusResponse, told: Told): void {
    this.#changeState(command)
    if (command.name === 'SELECT' || command.name === 'EXAMINE') this.#selected(response)
    demandTold(command, told, this.state.rev2)
    if (this.state.qresync) demandModSequence(command, response, told)
    if (this.#owedHighest !== command.tag) return
    this.#owedHighest = undefined
    demand(
      told.has('OK HIGHESTMODSEQ'),
      `${command.name} told no HIGHESTMODSEQ, and first asked for mod-sequences`,
    )
  }

  #changeState(command: SentCommand): void {
    if (isSearch(command) && returnOptions(command)?.includes('UPDATE') === true)
      this.state.contexts.add(command.tag.toUpperCase())
    switch (command.name) {
      case 'LOGIN':
      case 'AUTHENTICATE':
        this.state.phase = 'authenticated'
        break
      case 'CLOSE':
      case 'UNSELECT':
        this.#leaveMailbox(true)
        break
      case 'NOTIFY':
        this.state.notify = command.text.startsWith('SET') ? command.text : undefined
        break
      case 'DELETE':
      case 'RENAME':
        this.#knowledge.forget(mailboxOf(command))
        break
      case 'UNAUTHENTICATE':
        this.#unauthenticated()
        break
      default:
    }
  }

  #selected(response: StatusResponse): void {
    const selection = this.#selection
    this.#view = selection?.view
    this.#selection = undefined
    this.state.contexts.clear()
    this.state.phase = 'selected'
    demand(selection !== undefined, 'a mailbox was selected while another was, without CLOSED')
    selection.demandComplete(response, this.state)
  }

  /** No mailbox is selected any more, or the one from before is still. */
  #leaveMailbox(forGood: boolean): void {
    this.#selection = undefined
    if (!forGood) return
    this.#view = undefined
    this.state.contexts.clear()
    this.state.phase = 'authenticated'
  }

  /** The connection is as new (RFC 8437 §3). */
  #unauthenticated(): void {
    this.#leaveMailbox(true)
    Object.assign(this.state, { phase: 'not authenticated', rev2: false, condstore: false, qresync: false })
    Object.assign(this.state, { uidOnly: false, metadata: false, notify: undefined })
    this.dialect.rev2 = false
    this.dialect.utf8 = false
  }
}
