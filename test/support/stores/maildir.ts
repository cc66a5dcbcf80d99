import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Account,
  type AccountStore,
  bufferContent,
  type Log,
  type LogFacts,
  parseAddress,
  type StageOptions,
  systemClock,
} from 'mailwright'
import { type RecordedRetrieval, recordedRetrieval } from 'mailwright/testing'
import { MaildirStore, type MaildirStoreOptions } from '../../../plugins/maildir/account/maildir-store.ts'
import { nodeFileSystem } from '../../../plugins/maildir/files/file-system.ts'
import { unsyncedFiles } from '../faults/failing-files.ts'

/** A line of the log. */
export interface Logged {
  readonly event: string
  readonly facts: LogFacts
}

/** A Maildir store in a directory of its own. */
export interface TestMaildir {
  readonly options: MaildirStoreOptions
  readonly store: MaildirStore
  readonly account: Account
  readonly mailboxes: AccountStore
  /** The account's Maildir. */
  readonly path: string
  readonly retrieval: RecordedRetrieval
  readonly logged: readonly Logged[]
  /** Another store on the same files, as another process would have it. */
  again(): Promise<AccountStore>
  deliver(text: string, mailbox?: string, options?: StageOptions): Promise<void>
  /** Puts a file where another program would. */
  put(name: string, text: string): Promise<void>
  /** The names of the account's mailboxes. */
  mailboxNames(): Promise<readonly string[]>
  /** Names in a directory of the Maildir, sorted. */
  names(directory: string): Promise<readonly string[]>
  /** The file names of all messages of a mailbox. */
  files(mailbox?: string): Promise<readonly string[]>
  remove(): Promise<void>
}

export type TestMaildirOptions = {
  readonly [Name in keyof MaildirStoreOptions]?: NonNullable<MaildirStoreOptions[Name]>
} & { readonly quotaBytes?: number }

/** Makes one, without waiting for the disk unless `files` is given. */
export async function createTestMaildir({
  quotaBytes,
  ...more
}: TestMaildirOptions = {}): Promise<TestMaildir> {
  const root = more.root ?? (await mkdtemp(join(tmpdir(), 'mailwright-maildir-')))
  const retrieval = recordedRetrieval()
  const logged: Logged[] = []
  const options: MaildirStoreOptions = {
    path: '{domain}/{user}/Maildir',
    lineEnds: 'crlf',
    fullText: true,
    pop3UidlFormat: '%08Xu%08Xv',
    files: unsyncedFiles(nodeFileSystem),
    announce: retrieval,
    clock: systemClock,
    hostname: 'mail.example.org',
    log: recordingLog(logged),
    ...more,
    root,
  }
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  const account: Account = { id: 'ann', address, ...(quotaBytes === undefined ? {} : { quotaBytes }) }
  const store = new MaildirStore(options)
  const stores = [store]
  const mailboxes = await store.open(account)
  const path = join(root, 'example.org/ann/Maildir')
  const names = async (directory: string): Promise<readonly string[]> =>
    (await readdir(join(path, directory))).sort()
  return {
    options,
    store,
    account,
    mailboxes,
    path,
    retrieval,
    logged,
    names,
    mailboxNames: async () => (await mailboxes.mailboxes()).map(({ name }) => name),
    async again() {
      const other = new MaildirStore(options)
      stores.push(other)
      return other.open(account)
    },
    async deliver(text, mailbox = 'INBOX', stageOptions = {}) {
      const staged = await mailboxes.stage(mailbox, bufferContent(Buffer.from(text, 'latin1')), stageOptions)
      await staged.commit()
    },
    put: (name, text) => writeFile(join(path, name), text, { encoding: 'latin1', flag: 'wx' }),
    files: async (mailbox = '.') => [
      ...(await names(join(mailbox, 'cur'))),
      ...(await names(join(mailbox, 'new'))),
    ],
    async remove() {
      for (const each of stores) await each.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** The contents of a mailbox as its files hold them. */
export async function fileContents(path: string): Promise<readonly string[]> {
  const contents: string[] = []
  for (const directory of ['cur', 'new'])
    for (const name of (await readdir(join(path, directory))).sort())
      contents.push(await readFile(join(path, directory, name), 'latin1'))
  return contents
}

function recordingLog(lines: Logged[]): Log {
  const note = (event: string, facts: LogFacts = {}): void => void lines.push({ event, facts })
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log }
  return log
}
