import {
  type Account,
  type AccountStore,
  errorCode,
  hasAnyRight,
  type ImapForm,
  type Mailbox,
  MailwrightError,
  type Rights,
  type SessionFlow,
} from 'mailwright'
import type { ImapNews, ImapResult, ImapSelected, ImapSession, ImapState } from 'mailwright/imap'
import { ConnectionLost, type LineConnection, type ServerTls } from 'mailwright/network'
import { isAnother } from './another-mailbox.ts'
import { LaterLook } from './later-look.ts'
import { Output } from './output.ts'
import { permanentFlags } from './permanent-flags.ts'
import { RecentView } from './recent-view.ts'
import { RenamableMailbox } from './renamable-mailbox.ts'
import { no, Refusal, refusalOf } from './result.ts'
import { Selected } from './selected.ts'
import type { Server } from './server.ts'
import { showing } from './showing.ts'
import { Transport } from './transport.ts'
import { tellChanges } from './updates.ts'

const everything: ImapNews = { messages: true, flags: true }

/** Who has logged in. */
interface Login {
  readonly account: Account
  readonly mail: AccountStore
  /** The session does not count as the account's any more. */
  readonly leave: () => void
}

/** What a session needs of its conversation. */
export interface SessionCallbacks {
  /** Undefined where there are no certificates. */
  readonly tls: ServerTls | undefined
  whenQuiet(task: () => Promise<void>): void
  /** Milliseconds that the client may take. */
  patience(): number
}

/** What is known of one client, and what it has selected. The talking is done by `Conversation`. */
export class Session implements ImapSession {
  readonly server: Server
  readonly flow: SessionFlow
  readonly out: Output
  readonly transport: Transport
  readonly enabled: Set<string> = new Set()
  readonly #connection: LineConnection
  readonly #whenQuiet: (task: () => Promise<void>) => void
  #login: Login | undefined
  /** Takes the session off its account's, also where the store has not opened the account yet. */
  #leave: (() => void) | undefined
  #selected: Selected | undefined
  #mailbox: RenamableMailbox | undefined
  news: ImapNews = everything
  /** Set where the session is to be over: why. */
  ending: string | undefined
  /** When somebody must have logged in; milliseconds of the clock that never goes back. */
  loginDeadline = 0

  constructor(server: Server, flow: SessionFlow, connection: LineConnection, callbacks: SessionCallbacks) {
    this.server = server
    this.flow = flow
    this.#connection = connection
    this.#awaitLogin()
    this.out = new Output(connection, () => this.utf8)
    this.#whenQuiet = callbacks.whenQuiet
    const { options } = server
    this.transport = new Transport({
      connection,
      flow,
      out: this.out,
      tls: callbacks.tls,
      allowPlaintextLogin: options.allowPlaintextLogin,
      patience: callbacks.patience,
    })
  }

  get state(): ImapState {
    if (this.#login === undefined) return 'not authenticated'
    return this.#selected === undefined ? 'authenticated' : 'selected'
  }

  get #known(): Login {
    if (this.#login === undefined) throw new Refusal(no('Log in first', 'AUTHENTICATIONFAILED'))
    return this.#login
  }

  get account(): Account {
    return this.#known.account
  }

  accountChanged(account: Account): void {
    if (this.#login === undefined) return
    this.#login = { ...this.#login, account }
    this.#login.mail.setQuota?.(account.quotaBytes)
  }

  get mail(): AccountStore {
    return this.#known.mail
  }

  get selected(): ImapSelected | undefined {
    return this.#selected
  }

  get utf8(): boolean {
    return this.enabled.has('IMAP4REV2') || this.enabled.has('UTF8=ACCEPT')
  }

  get form(): ImapForm {
    if (this.enabled.has('IMAP4REV2')) return 'rev2'
    return this.utf8 ? 'utf8' : 'ascii'
  }

  capabilities(): readonly string[] {
    return [...new Set(this.server.extensions.flatMap((extension) => extension.capabilities?.(this) ?? []))]
  }

  async access(mailbox: string, action: 'read' | 'write' | 'delete'): Promise<void> {
    const refused = await this.flow.access({ account: this.account, mailbox, action })
    if (refused !== undefined) throw new Refusal(refusalOf(refused))
  }

  async select(name: string, examine: boolean): Promise<ImapSelected> {
    const { mail } = this.#known
    await this.unselect()
    const { opened, rights, readOnly } = await this.#open(name, examine)
    const mailbox = new RenamableMailbox(opened)
    // What was asked to open it is not asked once more to describe it.
    let knownRights: Rights | undefined = rights
    const selected = new Selected(mailbox, readOnly, {
      facts: this.server.facts.of(this.account.id, mailbox),
      recent: new RecentView(this.server.recent, this.account.id, mailbox, readOnly),
      laterLook: new LaterLook(this.server.clock),
      gone: () => this.end('the selected mailbox is gone'),
      isAnother: () => isAnother(this.server.clock, mail, mailbox),
      news: () => this.news,
      tellsModSequences: () => this.enabled.has('CONDSTORE'),
      watch: (listener) => mail.watch([mailbox.name], listener),
      tell: (self, changes, recent) => tellChanges(this, self, changes, recent),
      tellSettled: (modSequence) => this.#tellSettled(modSequence),
      tellFlags: (self) => this.#tellFlags(self),
      permanentFlags: async (self) => {
        if (self.isReadOnly) return []
        const keywords = self.flagNames().filter((flag) => !flag.startsWith('\\'))
        const allowed = knownRights ?? (await mail.myRights(self.name))
        knownRights = undefined
        return permanentFlags(this.server.store.supports, allowed, keywords)
      },
    })
    this.#selected = selected
    this.#mailbox = mailbox
    return selected
  }

  /** All is asked of the store at the same time. */
  async #open(
    name: string,
    examine: boolean,
  ): Promise<{ readonly opened: Mailbox; readonly rights: Rights; readonly readOnly: boolean }> {
    const { mail } = this.#known
    const [opening, asked] = await Promise.allSettled([mail.openMailbox(name), mail.myRights(name)])
    try {
      if (asked.status === 'rejected') throw asked.reason
      const rights = asked.value
      const readOnly = examine || !hasAnyRight(rights, 'iswte')
      await this.access(name, readOnly ? 'read' : 'write')
      if (opening.status === 'rejected') throw opening.reason
      return { opened: opening.value, rights, readOnly }
    } catch (error) {
      if (opening.status === 'fulfilled') await opening.value.close()
      throw error
    }
  }

  #tellSettled(modSequence: number): void {
    if (this.enabled.has('CONDSTORE'))
      this.out.untagged(`OK [HIGHESTMODSEQ ${modSequence}] Everything is told up to there`)
  }

  async #tellFlags(selected: Selected): Promise<void> {
    this.out.untagged(`FLAGS (${selected.flagNames().join(' ')})`)
    const permanent = await showing(this, () => selected.permanentFlags())
    if (permanent !== undefined)
      this.out.untagged(`OK [PERMANENTFLAGS (${permanent.join(' ')})] Flags permitted`)
  }

  async renamed(name: string): Promise<void> {
    const selected = this.#selected
    if (selected === undefined) return
    const opened = await this.#known.mail.openMailbox(name).catch(unlessCoded)
    if (opened?.uidValidity === selected.mailbox.uidValidity) {
      await this.#mailbox?.follow(opened)
      await selected.lookAnew()
      return
    }
    await opened?.close()
    await this.unselect()
    this.out.untagged('OK [CLOSED] The mailbox is another one now')
  }

  async unselect(): Promise<void> {
    const selected = this.#selected
    this.#selected = undefined
    this.#mailbox = undefined
    await selected?.close()
  }

  whenQuiet(task: () => Promise<void>): void {
    this.#whenQuiet(task)
  }

  async loggedIn(account: Account): Promise<ImapResult | undefined> {
    const { server } = this
    if (this.#login !== undefined)
      throw new MailwrightError('MAIL_E_INVALID', 'somebody has logged in already')
    // Who has left is taken off the counts once.
    if (this.#connection.isClosed) throw new ConnectionLost()
    const leave = server.counts.enter(`account ${account.id}`, server.options.maxConnectionsPerUser)
    if (leave === undefined) return no('Too many sessions of this account', 'LIMIT')
    this.#leave = leave
    try {
      this.#login = { account, mail: await server.store.open(account), leave }
    } catch (error) {
      leave()
      throw error
    }
    for (const extension of server.extensions) extension.loggedIn?.(this)
    return undefined
  }

  /** The session does not count as the account's any more, whatever it is still busy with. */
  leaveCount(): void {
    this.#leave?.()
  }

  async loggedOut(): Promise<void> {
    const login = this.#login
    if (login === undefined) return
    try {
      await this.unselect()
    } finally {
      this.#endLogin(login)
    }
  }

  /** Whatever fails, the session does not count as the account's any more. */
  #endLogin({ leave }: Login): void {
    try {
      for (const extension of this.server.extensions) extension.ended?.(this)
    } finally {
      this.#login = undefined
      this.flow.loggedOut()
      this.#awaitLogin()
      this.news = everything
      this.enabled.clear()
      leave()
    }
  }

  #awaitLogin(): void {
    this.loginDeadline = this.server.clock.monotonic() + this.server.options.loginTimeout
  }

  end(reason: string): void {
    this.ending ??= reason
  }
}

/** Whatever the store says of why something is not possible. */
function unlessCoded(error: unknown): undefined {
  if (errorCode(error) === undefined) throw error
  return undefined
}
