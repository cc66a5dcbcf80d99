import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  type Account,
  type AccountStore,
  bufferContent,
  parseAddress,
  type StageOptions,
  systemClock,
} from 'mailwright'
import { type CapturedLog, capturedLog, type RecordedRetrieval, recordedRetrieval } from 'mailwright/testing'
import { type FileSystem, nodeFileSystem, type OpenFile } from '../../../plugins/mbox/file-system.ts'
import { MboxStore, type MboxStoreOptions } from '../../../plugins/mbox/mbox-store.ts'

/** A store of mbox files in a directory of its own. */
export interface TestMbox {
  readonly options: MboxStoreOptions
  readonly store: MboxStore
  readonly account: Account
  readonly mailboxes: AccountStore
  /** The directory of the account's files: `inbox`, and `mail` with the others. */
  readonly path: string
  readonly retrieval: RecordedRetrieval
  readonly log: CapturedLog
  /** Another store on the same files, as another process would have it. */
  again(): Promise<AccountStore>
  deliver(text: string, mailbox?: string, options?: StageOptions): Promise<void>
  /** A file's octets, one character each. */
  read(name?: string): Promise<string>
  /** Puts a file where another program would. */
  write(text: string, name?: string): Promise<void>
  /** Names in a directory, sorted. */
  names(directory: string): Promise<readonly string[]>
  remove(): Promise<void>
}

export type TestMboxOptions = Partial<MboxStoreOptions> & { readonly quotaBytes?: number }

/** Makes one, without waiting for the disk unless `files` is given. */
export async function createTestMbox({ quotaBytes, ...more }: TestMboxOptions = {}): Promise<TestMbox> {
  const root = more.root ?? (await mkdtemp(join(tmpdir(), 'mailwright-mbox-')))
  const retrieval = recordedRetrieval()
  const log = capturedLog()
  const options: MboxStoreOptions = {
    inbox: '{domain}/{user}/inbox',
    mailboxes: '{domain}/{user}/mail',
    dotLock: 'required',
    staleLock: 500_000,
    lockTimeout: 30_000,
    files: unsyncedMboxFiles(nodeFileSystem),
    announce: retrieval,
    clock: systemClock,
    log,
    ...more,
    root,
  }
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  const account: Account = { id: 'ann', address, ...(quotaBytes === undefined ? {} : { quotaBytes }) }
  const store = new MboxStore(options)
  const mailboxes = await store.open(account)
  const path = join(root, 'example.org/ann')
  return {
    options,
    store,
    account,
    mailboxes,
    path,
    retrieval,
    log,
    again: () => new MboxStore(options).open(account),
    async deliver(text, mailbox = 'INBOX', stageOptions = {}) {
      const staged = await mailboxes.stage(mailbox, bufferContent(Buffer.from(text, 'latin1')), stageOptions)
      await staged.commit()
    },
    read: (name = 'inbox') => readFile(join(path, name), 'latin1'),
    async write(text, name = 'inbox') {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), text, 'latin1')
    },
    names: async (directory) => (await readdir(join(path, directory))).sort(),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** The same files without waiting for the disk: for tests that change thousands of files and never cut the power. */
export function unsyncedMboxFiles(files: FileSystem): FileSystem {
  const done = async (): Promise<void> => undefined
  const unsynced = (file: OpenFile): OpenFile => ({
    read: (...words) => file.read(...words),
    write: (...words) => file.write(...words),
    stat: () => file.stat(),
    truncate: (...words) => file.truncate(...words),
    tryLock: (...words) => file.tryLock(...words),
    datasync: done,
    sync: done,
    close: () => file.close(),
  })
  return { ...files, open: async (...words) => unsynced(await files.open(...words)) }
}

/** The files of a process that dies, as far as the disk can tell. */
export interface DyingMboxFiles {
  readonly files: FileSystem
  /** Resolves when the process is dead. */
  readonly death: Promise<void>
  /** Closes what it had open: its fcntl locks are gone then, its dot-locks are not. */
  bury(): Promise<void>
}

// Death before any other call leaves the disk as death before the next of these.
const changing: ReadonlySet<unknown> = new Set(
  'link mkdir open rename rmdir truncate unlink write'.split(' '),
)

/** From one call on that may change something, no call is made any more and none is answered. */
export function dyingMboxFiles(real: FileSystem, dieAt: number): DyingMboxFiles {
  const open = new Set<OpenFile>()
  const { promise: death, resolve } = Promise.withResolvers<void>()
  let calls = 0
  const alive = async (call: unknown): Promise<void> => {
    if (changing.has(call)) calls++
    if (calls <= dieAt) return
    resolve()
    await new Promise(() => undefined)
  }
  const dying = <Target extends object>(target: Target): Target =>
    new Proxy<Target>(Object.create(target), {
      get(_below, key) {
        const method: unknown = Reflect.get(target, key)
        if (typeof method !== 'function') return method
        return async (...words: unknown[]) => {
          await alive(key)
          const result: unknown = await Reflect.apply(method, target, words)
          if (key !== 'open') return result
          open.add(result as OpenFile)
          return dying(result as OpenFile)
        }
      },
    })
  return {
    files: dying(real),
    death,
    async bury() {
      for (const file of open) await file.close().catch(() => undefined)
    },
  }
}
