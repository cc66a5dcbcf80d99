import { join } from 'node:path'
import {
  type Account,
  type AccountStore,
  type Content,
  type Lease,
  type Mailbox,
  type MailboxStatus,
  MailwrightError,
  type StagedMessage,
  type StageOptions,
} from 'mailwright'
import type { MaildirContext } from './context.ts'
import { stageMessage } from './delivery.ts'
import { guarded } from './disk-errors.ts'
import { MaildirMailbox } from './mailbox.ts'
import { checkMailboxDirectory } from './mailbox-directory.ts'
import { canonicalMailboxName, inbox } from './mailbox-name.ts'
import type { MailboxState } from './mailbox-state.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import type { SharedStates } from './shared-states.ts'
import { removeStaleFiles } from './stale-files.ts'
import { copyMessages, moveMessages } from './transfer.ts'
import { measureUsage, type Reservation, type Usage } from './usage.ts'

export const maildropLockName = 'mailwright-maildrop.lock'

export interface AccountParts {
  readonly account: Account
  /** The account's Maildir. */
  readonly root: string
  readonly directories: MailboxDirectories
  readonly states: SharedStates
}

/** One account's Maildir. */
export class MaildirAccountStore implements AccountStore {
  readonly account: Account
  readonly #context: MaildirContext
  readonly #root: string
  readonly #directories: MailboxDirectories
  readonly #states: SharedStates

  constructor(context: MaildirContext, { account, root, directories, states }: AccountParts) {
    this.account = account
    this.#context = context
    this.#root = root
    this.#directories = directories
    this.#states = states
  }

  mailboxes(): Promise<readonly string[]> {
    return guarded('listing mailboxes', () => this.#directories.list())
  }

  createMailbox(name: string): Promise<void> {
    return guarded('making a mailbox', async () => this.#directories.create(canonicalMailboxName(name)))
  }

  deleteMailbox(name: string): Promise<void> {
    return guarded('deleting a mailbox', async () => {
      const canonical = canonicalMailboxName(name)
      if (canonical === inbox) throw new MailwrightError('MAIL_E_INVALID', 'INBOX cannot be deleted')
      await this.#withState(canonical, async (state) => {
        await state.sync()
        const uids = state.snapshot().entries.map(({ uid }) => uid)
        await this.#directories.remove(state.place.path)
        if (uids.length > 0) this.#context.announce.expunged(state.change({ cause: 'expunge', uids }))
      })
    })
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return guarded('renaming a mailbox', async () => {
      const [old, renamed] = [canonicalMailboxName(from), canonicalMailboxName(to)]
      if (renamed.startsWith(`${old}/`) && old !== inbox)
        throw new MailwrightError('MAIL_E_INVALID', `${old} cannot be moved below itself`)
      if ((await this.#directories.find(old)) === undefined) throw notFound(old)
      if (old !== inbox) return this.#directories.rename(old, renamed)
      await this.#directories.create(renamed)
      const mailbox = await this.openMailbox(inbox)
      try {
        await mailbox.move(
          mailbox.entries.map(({ uid }) => uid),
          renamed,
        )
      } finally {
        await mailbox.close()
      }
    })
  }

  status(name: string): Promise<MailboxStatus> {
    return guarded('looking at a mailbox', () =>
      this.#withState(canonicalMailboxName(name), async (state) => {
        await state.sync()
        const { uidValidity, uidNext, entries } = state.snapshot()
        return {
          name: state.place.name,
          uidValidity,
          uidNext,
          messages: entries.length,
          unseen: entries.filter(({ flags }) => !flags.includes('\\Seen')).length,
          size: entries.reduce((sum, { size }) => sum + size, 0),
          highestModSequence: 0,
        }
      }),
    )
  }

  openMailbox(name: string): Promise<Mailbox> {
    return guarded('opening a mailbox', async () => {
      const { state, release } = await this.#share(canonicalMailboxName(name))
      try {
        await checkMailboxDirectory(this.#context, state.place.path)
        await state.sync()
        await removeStaleFiles(this.#context, state.place.path)
        return new MaildirMailbox(state, {
          release,
          copy: (source, uids, target) => this.#copy(source, uids, target),
          move: (source, uids, target) => this.#move(source, uids, target),
        })
      } catch (error) {
        release()
        throw error
      }
    })
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return guarded('delivering a message', async () => {
      const name = canonicalMailboxName(mailbox)
      if (options.create === true && (await this.#directories.find(name)) === undefined)
        await this.#createOnce(name)
      const path = await this.#directories.open(name)
      const reservation = await this.#reserve(content.size)
      try {
        const complete = (): Promise<void> => this.#directories.complete(path)
        const delivery = {
          account: this.account,
          mailbox: name,
          path,
          content,
          options,
          reservation,
          complete,
        }
        return await stageMessage(this.#context, delivery)
      } catch (error) {
        reservation?.release()
        throw error
      }
    })
  }

  usage(): Promise<Usage> {
    return guarded('measuring mailboxes', () => this.#measure())
  }

  lockMaildrop(): Promise<Lease> {
    return guarded('locking the maildrop', async () => {
      const lease = await this.#context.locks.tryAcquire(join(this.#root, maildropLockName))
      if (lease !== undefined) return lease
      throw new MailwrightError('MAIL_E_IN_USE', `the maildrop of ${this.account.id} is in use`)
    })
  }

  /** Two deliveries may find at the same time that a mailbox is missing. */
  async #createOnce(name: string): Promise<void> {
    try {
      await this.#directories.create(name)
    } catch (error) {
      if (!(error instanceof MailwrightError && error.code === 'MAIL_E_EXISTS')) throw error
    }
  }

  async #copy(source: MailboxState, uids: readonly number[], to: string): Promise<void> {
    const octets = uids.reduce((sum, uid) => sum + (source.record(uid)?.size ?? 0), 0)
    await this.#withState(canonicalMailboxName(to), async (target) => {
      const reservation = await this.#reserve(octets)
      try {
        await copyMessages(source, target, uids)
      } finally {
        reservation?.release()
      }
    })
  }

  #move(source: MailboxState, uids: readonly number[], to: string): Promise<readonly number[]> {
    return this.#withState(canonicalMailboxName(to), (target) => moveMessages(source, target, uids))
  }

  async #reserve(octets: number): Promise<Reservation | undefined> {
    const { quotaBytes } = this.account
    return quotaBytes === undefined
      ? undefined
      : this.#states.quotaGuard(this.#root, () => this.#measure()).reserve(octets, quotaBytes)
  }

  async #measure(): Promise<Usage> {
    const paths: string[] = []
    for (const name of await this.#directories.list()) {
      const path = await this.#directories.find(name)
      if (path !== undefined) paths.push(path)
    }
    return measureUsage(this.#context, paths)
  }

  async #withState<T>(name: string, run: (state: MailboxState) => Promise<T>): Promise<T> {
    const { state, release } = await this.#share(name)
    try {
      return await run(state)
    } finally {
      release()
    }
  }

  async #share(name: string): Promise<{ readonly state: MailboxState; readonly release: () => void }> {
    const path = await this.#directories.open(name)
    return this.#states.share({ account: this.account, name, path, root: this.#root })
  }
}

function notFound(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
}
