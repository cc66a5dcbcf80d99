import type { Timer } from '../clock.ts'
import type { Account } from '../model/account.ts'
import type { SessionRole } from '../model/session.ts'
import { accounts } from '../services/accounts.ts'
import { notifier } from '../services/notifier.ts'
import { Pacer } from '../summary/pacer.ts'
import { type AccountHint, accountTopic, readAccountHint } from './account-hint.ts'
import { answerInTime } from './answer-in-time.ts'
import type { FlowContext } from './surroundings.ts'

/** Milliseconds between two looks at the accounts that are logged in: whoever changes them may give no hint. */
const interval = 60_000

/** What a session was opened with. An app password has a name. */
export interface LoginProof {
  readonly kind: 'password' | 'app-password' | 'token'
  readonly appPassword?: string
}

/** One session that somebody has logged in to. */
export interface AccountSession {
  readonly role: SessionRole
  readonly account: Account
  readonly by: LoginProof
  /** The account as it is now. */
  changed(account: Account): void
  /** Ends it, for a reason that its client may read. */
  end(reason: string): void
}

/** The sessions of all accounts that are logged in: they end with the right to be. */
export class AccountSessions {
  readonly #context: FlowContext
  readonly #byAccount = new Map<string, Set<AccountSession>>()
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined

  constructor(context: FlowContext) {
    this.#context = context
  }

  /** Answers what takes the session out again. */
  enter(session: AccountSession): () => void {
    const { id } = session.account
    const sessions = this.#byAccount.get(id) ?? new Set()
    this.#byAccount.set(id, sessions.add(session))
    this.#watch()
    return () => {
      sessions.delete(session)
      if (sessions.size === 0 && this.#byAccount.get(id) === sessions) this.#byAccount.delete(id)
      if (this.#byAccount.size === 0) this.#rest()
    }
  }

  #watch(): void {
    const { clock, services } = this.#context
    this.#unsubscribe ??= services
      .find(notifier)
      ?.subscribe(accountTopic, (payload) => this.#onHint(readAccountHint(payload)))
    this.#timer ??= clock.after(interval, () => {
      this.#timer = undefined
      this.#lookAt([...this.#byAccount.keys()])
      if (this.#byAccount.size > 0) this.#watch()
    })
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  #onHint({ account, end, appPassword }: AccountHint): void {
    if (account === undefined) {
      this.#lookAt([...this.#byAccount.keys()])
      return
    }
    const sessions = [...(this.#byAccount.get(account) ?? [])]
    for (const session of sessions) {
      if (end === 'all') session.end('Log in again')
      else if (end === 'password' && session.by.kind === end) session.end('The password has changed')
      else if (end === 'app-password' && session.by.kind === end && session.by.appPassword === appPassword)
        session.end('The app password is gone')
    }
    if (sessions.length > 0) this.#lookAt([account])
  }

  #lookAt(ids: readonly string[]): void {
    this.#context.inBackground(this.#lookAtAll(ids))
  }

  /** One after the other: a database has others to answer as well. One that answers at once holds nobody up either. */
  async #lookAtAll(ids: readonly string[]): Promise<void> {
    const pacer = new Pacer()
    for (const id of ids) {
      await this.#look(id)
      if (pacer.isDue) await pacer.rest()
    }
  }

  async #look(id: string): Promise<void> {
    const { services, log } = this.#context
    try {
      const service = services.find(accounts)
      if (service === undefined) return
      const account = await answerInTime(this.#context, () => service.byId(id))
      for (const session of [...(this.#byAccount.get(id) ?? [])]) {
        const reason = whyNot(account, session.role)
        if (reason !== undefined) session.end(reason)
        else if (account !== undefined) session.changed(account)
      }
    } catch (error) {
      // Nobody is sent away because a database is.
      log.debug('unavailable', { service: 'accounts', error })
    }
  }
}

function whyNot(account: Account | undefined, role: SessionRole): string | undefined {
  if (account === undefined) return 'The account is gone'
  if (account.disabled) return 'The account is disabled'
  return account.disabledProtocols?.includes(role) ? `The account may not use ${role}` : undefined
}
