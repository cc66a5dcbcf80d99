import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, inbox, type Mailbox, MailwrightError, type MessageEntry } from 'mailwright'
import {
  dovecotKeywordLetters,
  dovecotKeywordsFile,
  dovecotSubscriptionsFile,
  dovecotUidlistFile,
  formatDovecotKeywords,
  formatDovecotSubscriptions,
  formatDovecotUidlist,
  formatMaildirFileName,
  maildirDirectoryOf,
  maildirHostName,
  parseDovecotKeywords,
} from 'mailwright/formats'
import { createDirectory, createFile, guarded, replaceFile } from './export-file.ts'
import type { ExportedMailbox, ExportForm } from './export-run.ts'
import { LfWriter } from './line-ends.ts'
import { lettersOfFlags } from './maildir-letters.ts'

/** Writes Maildir++, with the files that Dovecot keeps UIDs, keywords and subscriptions in. */
export class MaildirExport implements ExportForm {
  readonly #path: string
  readonly #hostname: string
  readonly #force: boolean

  /** `path` is absolute; `force` lets messages be added to what is there. */
  constructor(path: string, hostname: string, force: boolean) {
    this.#path = path
    this.#hostname = maildirHostName(hostname)
    this.#force = force
  }

  async check(names: readonly string[]): Promise<void> {
    if (this.#force) return
    for (const name of names) {
      for (const part of ['new', 'cur', 'tmp']) {
        const directory = join(this.#directory(name), part)
        if ((await readdir(directory).catch(() => [])).length > 0)
          throw new MailwrightError('MAIL_E_EXISTS', `there is mail in ${directory} already (see --force)`)
      }
    }
  }

  async begin(mailbox: Mailbox): Promise<ExportedMailbox> {
    const directory = this.#directory(mailbox.name)
    for (const part of ['tmp', 'new', 'cur']) await createDirectory(join(directory, part))
    if (directory !== this.#path) await replaceFile(join(directory, 'maildirfolder'), '')
    const kept = await readFile(join(directory, dovecotKeywordsFile)).catch(() => Buffer.alloc(0))
    return new ExportedMaildir(mailbox, { directory, hostname: this.#hostname, kept })
  }

  async finish(subscriptions: readonly string[]): Promise<number> {
    const file = join(this.#path, dovecotSubscriptionsFile)
    if (subscriptions.length === 0 || !(await isMissing(file))) return 0
    await replaceFile(file, formatDovecotSubscriptions(subscriptions))
    return subscriptions.length
  }

  #directory(name: string): string {
    return name === inbox ? this.#path : join(this.#path, maildirDirectoryOf(name))
  }
}

interface Place {
  readonly directory: string
  readonly hostname: string
  /** The keywords that are there already. */
  readonly kept: Buffer
}

class ExportedMaildir implements ExportedMailbox {
  readonly #mailbox: Mailbox
  readonly #place: Place
  readonly #keywords: readonly string[]
  readonly #uids = new Map<string, number>()

  constructor(mailbox: Mailbox, place: Place) {
    this.#mailbox = mailbox
    this.#place = place
    this.#keywords = keywordList(mailbox.entries, parseDovecotKeywords(place.kept))
  }

  async add({ uid, flags, internalDate }: MessageEntry, content: Content): Promise<void> {
    const { directory, hostname } = this.#place
    const seconds = Math.max(0, Math.floor(internalDate.getTime() / 1000))
    const unique = `${seconds}.V${this.#mailbox.uidValidity}U${uid}.${hostname}`
    const temporary = join(directory, 'tmp', unique)
    const file = await createFile(temporary)
    try {
      const lines = new LfWriter()
      for await (const chunk of content.stream()) await file.write(lines.add(chunk as Buffer))
      await file.write(lines.end())
      await file.finish(internalDate)
    } catch (error) {
      await file.abort()
      throw error
    }
    const base = `${unique},S=${file.size},W=${content.size}`
    const letters = lettersOfFlags(flags, this.#keywords)
    const path = join(directory, 'cur', formatMaildirFileName({ base, letters, rest: '' }))
    await guarded(path, () => rename(temporary, path))
    this.#uids.set(base, uid)
  }

  async end(): Promise<readonly string[]> {
    const { directory } = this.#place
    const { uidValidity, uidNext } = this.#mailbox
    const most = dovecotKeywordLetters.length
    if (this.#keywords.length > 0)
      await replaceFile(
        join(directory, dovecotKeywordsFile),
        formatDovecotKeywords(this.#keywords.slice(0, most)),
      )
    const list = join(directory, dovecotUidlistFile)
    // Where there is one, its server gives UIDs to what it finds.
    if (await isMissing(list))
      await replaceFile(list, formatDovecotUidlist({ uidValidity, uidNext, uids: this.#uids }))
    const rest = this.#keywords.slice(most)
    return rest.map((keyword) => `the keyword ${keyword}: a Maildir can keep ${most} only`)
  }

  async abort(): Promise<void> {
    // What is in `cur` is whole.
  }
}

/**
 * Keywords in the order of their letters: those that have one already, then the most frequent ones. Empty for a letter
 * between the former: messages may have it, though nobody knows any more what it means.
 */
function keywordList(
  entries: readonly MessageEntry[],
  known: ReadonlyMap<string, string>,
): readonly string[] {
  const counts = new Map<string, number>()
  for (const { flags } of entries) {
    for (const flag of flags) if (!flag.startsWith('\\')) counts.set(flag, (counts.get(flag) ?? 0) + 1)
  }
  const letters = [...dovecotKeywordLetters]
  const last = letters.findLastIndex((letter) => known.has(letter))
  const list = letters.slice(0, last + 1).map((letter) => known.get(letter) ?? '')
  const added = [...counts].sort(([, a], [, b]) => b - a).map(([keyword]) => keyword)
  return [...list, ...added.filter((keyword) => !list.includes(keyword))]
}

async function isMissing(path: string): Promise<boolean> {
  return (await readFile(path).catch(() => undefined)) === undefined
}
