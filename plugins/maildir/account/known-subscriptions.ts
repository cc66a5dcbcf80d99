import { courierSubscribedFile, dovecotSubscriptionsFile } from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import { areUnchanged, type FileStamps, nothing, stampsOf } from '../files/file-stamps.ts'
import { subscriptionsFile, subscriptionsFileName } from './subscriptions.ts'

/** Files that may say it: ours, and those of the server that was here before. */
const fileNames = [subscriptionsFileName, dovecotSubscriptionsFile, courierSubscribedFile]

interface Known {
  readonly names: readonly string[]
  /** Of all the files. */
  readonly files: FileStamps
  /** Of what tells of every change: the account's Maildir, and files that are there. */
  readonly sources: FileStamps
}

/** What an account was subscribed to when that was last read. */
export class KnownSubscriptions {
  readonly #context: MaildirContext
  readonly #root: string
  /** Leads to the directory itself, also where its name is a symbolic link. */
  readonly #rootPath: string
  #known: Known | undefined

  constructor(context: MaildirContext, root: string) {
    this.#context = context
    this.#root = root
    this.#rootPath = `${root}/.`
  }

  /** How many names are kept in memory. */
  get count(): number {
    return this.#known?.names.length ?? 0
  }

  /** What has to be looked at before they are read. */
  get sources(): Iterable<string> {
    return this.#known?.sources.keys() ?? [this.#rootPath]
  }

  /**
   * Sorted; the same array until something changes. `looked` is from after the question. MAIL_E_UNAVAILABLE where our file
   * is damaged.
   */
  async read(looked: FileStamps): Promise<readonly string[]> {
    const known = this.#known
    if (known !== undefined && areUnchanged(known.sources, looked)) return known.names
    const files = await stampsOf(
      this.#context,
      fileNames.map((name) => `${this.#root}/${name}`),
    )
    const names =
      known !== undefined && areUnchanged(known.files, files)
        ? known.names
        : await subscriptionsFile(this.#context, this.#root).read()
    const there = [...files].filter(([, stamp]) => stamp !== nothing)
    const root = looked.get(this.#rootPath) ?? nothing
    this.#known = { names, files, sources: new Map([[this.#rootPath, root], ...there]) }
    return names
  }
}
