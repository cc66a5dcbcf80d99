import { lstat, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Content, type Mailbox, MailwrightError, type MessageEntry } from 'mailwright'
import { formatDovecotSubscriptions, formatMboxFields, postmark, quoteMbox } from 'mailwright/formats'
import { createDirectory, createFile, type ExportFile, guarded, replaceFile } from './export-file.ts'
import type { ExportedMailbox, ExportForm } from './export-run.ts'
import { mboxFileName } from './mbox-file-name.ts'

const longestReturnPath = 16 * 1024

/** Writes a file a mailbox (mboxrd); the children of `Work` are in `Work.sbd`, as Thunderbird has them. */
export class MboxExport implements ExportForm {
  readonly #path: string
  readonly #force: boolean

  /** `path` is absolute; `force` lets files be replaced. */
  constructor(path: string, force: boolean) {
    this.#path = path
    this.#force = force
  }

  async check(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const file = this.#file(name)
      const status = await lstat(file).catch(() => undefined)
      if (status !== undefined && !(this.#force && status.isFile()))
        throw new MailwrightError('MAIL_E_EXISTS', `there is ${file} already (see --force)`)
    }
  }

  async begin(mailbox: Mailbox): Promise<ExportedMailbox> {
    const path = this.#file(mailbox.name)
    await createDirectory(dirname(path))
    return new ExportedMbox(mailbox, path, await createFile(`${path}.new`))
  }

  /** Where Dovecot has them beside mbox files. */
  async finish(subscriptions: readonly string[]): Promise<number> {
    const file = join(this.#path, '.subscriptions')
    const isThere = (await lstat(file).catch(() => undefined)) !== undefined
    if (subscriptions.length === 0 || (isThere && !this.#force)) return 0
    await replaceFile(file, formatDovecotSubscriptions(subscriptions))
    return subscriptions.length
  }

  #file(name: string): string {
    const levels = name.split('/').map(mboxFileName)
    return join(
      this.#path,
      ...levels.map((level, depth) => (depth < levels.length - 1 ? `${level}.sbd` : level)),
    )
  }
}

class ExportedMbox implements ExportedMailbox {
  readonly #mailbox: Mailbox
  readonly #path: string
  readonly #file: ExportFile

  constructor(mailbox: Mailbox, path: string, file: ExportFile) {
    this.#mailbox = mailbox
    this.#path = path
    this.#file = file
  }

  async add({ uid, flags, internalDate }: MessageEntry, content: Content): Promise<void> {
    const { uidValidity, uidNext } = this.#mailbox
    const base = this.#file.size === 0 ? { base: { uidValidity, lastUid: uidNext - 1, keywords: [] } } : {}
    const before = this.#file.size
    try {
      await this.#file.write(`${postmark(await returnPath(content), internalDate)}\n`)
      await this.#file.write(withoutRoom(formatMboxFields({ flags, uid, ...base })))
      for await (const chunk of quoteMbox(content)) await this.#file.write(chunk)
    } catch (error) {
      await this.#file.cut(before)
      throw error
    }
  }

  async end(): Promise<readonly string[]> {
    await this.#file.finish(undefined)
    await guarded(this.#path, () => rename(`${this.#path}.new`, this.#path))
    return []
  }

  abort(): Promise<void> {
    return this.#file.abort()
  }
}

/** Nobody changes flags in place here: fields that say nothing are left out, and the room for more. */
function withoutRoom(fields: string): string {
  const lines = fields.split('\n').map((line) => line.trimEnd())
  return lines.flatMap((line) => (/[^:]$/.test(line) ? [`${line}\n`] : [])).join('')
}

/** Who sent the message, as the server that took it has noted; empty where it has not. */
async function returnPath(content: Content): Promise<string> {
  const text = (await content.read(0, longestReturnPath)).toString('latin1')
  const [header = ''] = text.split('\r\n\r\n', 1)
  return /^return-path:[ \t]*<([^<>\r\n]{1,320})>/im.exec(header)?.[1] ?? ''
}
