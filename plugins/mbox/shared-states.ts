import { AccountFile } from './account-file.ts'
import { Deliveries } from './append.ts'
import type { MboxContext } from './context.ts'
import { type AccountPlaces, MailboxFiles } from './mailbox-files.ts'
import { MailboxState } from './mailbox-state.ts'
import { QuotaGuard } from './quota.ts'

/** What this process shares of one mailbox while it is used. */
export interface SharedMailbox {
  readonly state: MailboxState
  readonly deliveries: Deliveries
}

interface Counted extends SharedMailbox {
  users: number
}

/** What all who use an account at the same time share in this process. */
export class SharedAccount {
  readonly files: MailboxFiles
  readonly accountFile: AccountFile
  readonly quota: QuotaGuard = new QuotaGuard()
  readonly #context: MboxContext
  readonly #mailboxes = new Map<string, Counted>()

  constructor(context: MboxContext, places: AccountPlaces) {
    this.#context = context
    this.files = new MailboxFiles(context, places)
    this.accountFile = new AccountFile(context, this.files)
  }

  /** A mailbox's state, until the answered call gives it back. */
  share(name: string): SharedMailbox & { readonly release: () => void } {
    const shared = this.#mailboxes.get(name) ?? this.#create(name)
    this.#mailboxes.set(name, shared)
    shared.users += 1
    let used = true
    const release = (): void => {
      if (used) shared.users -= 1
      used = false
      if (shared.users === 0 && this.#mailboxes.get(name) === shared) this.#mailboxes.delete(name)
    }
    return { ...shared, release }
  }

  /** Lets those who open such mailboxes from now on begin anew: others have their names, or none. */
  forget(isMeant: (name: string) => boolean): void {
    for (const name of [...this.#mailboxes.keys()]) if (isMeant(name)) this.#mailboxes.delete(name)
  }

  #create(name: string): Counted {
    const state = new MailboxState(this.#context, this.files, this.accountFile, name)
    return { state, deliveries: new Deliveries(state), users: 0 }
  }
}

/** The accounts of a store, each as long as somebody uses it. */
export class SharedAccounts {
  readonly #context: MboxContext
  readonly #accounts = new Map<string, WeakRef<SharedAccount>>()
  readonly #unused = new FinalizationRegistry<string>((key) => {
    if (this.#accounts.get(key)?.deref() === undefined) this.#accounts.delete(key)
  })

  constructor(context: MboxContext) {
    this.#context = context
  }

  share(places: AccountPlaces): SharedAccount {
    const key = `${places.mailboxes}\0${places.inbox}`
    const known = this.#accounts.get(key)?.deref()
    if (known !== undefined) return known
    const shared = new SharedAccount(this.#context, places)
    this.#accounts.set(key, new WeakRef(shared))
    this.#unused.register(shared, key)
    return shared
  }
}
