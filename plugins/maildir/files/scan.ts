import { join } from 'node:path'
import { type MaildirFileName, parseMaildirFileName } from 'mailwright/formats'
import type { FileSystem } from './file-system.ts'

/** Where a message was when it was last seen. Other programs may move it at any moment. */
export interface Located extends MaildirFileName {
  readonly directory: 'new' | 'cur'
  readonly fileName: string
}

export interface Scan {
  /** By base name. */
  readonly messages: Map<string, Located>
  /** Further files with a base name that is in `messages`. */
  readonly doubles: readonly Located[]
}

// How often a mailbox is read before a message that cannot be seen counts as gone.
const readings = 4

/** The names of all files in a mailbox. */
export type MailboxNames = Readonly<Record<'new' | 'cur', readonly string[]>>

/** Reads `new`, then `cur`: a message that is moved from one to the other in between is seen twice, not missed. */
export async function readNames(files: FileSystem, path: string): Promise<MailboxNames> {
  const fresh = await files.readdir(join(path, 'new'))
  return { new: fresh, cur: await files.readdir(join(path, 'cur')) }
}

/** The messages of a mailbox. One that is seen twice is one message all the same. */
export async function scanMailbox(files: FileSystem, path: string): Promise<Scan> {
  return scanOf(await readNames(files, path))
}

export function scanOf(names: MailboxNames): Scan {
  const messages = new Map<string, Located>()
  const doubles: Located[] = []
  for (const directory of ['new', 'cur'] as const) {
    for (const fileName of names[directory]) {
      const name = parseMaildirFileName(fileName)
      if (name === undefined) continue
      const double = messages.get(name.base)
      if (double !== undefined) doubles.push(double)
      messages.set(name.base, { ...name, directory, fileName })
    }
  }
  return { messages, doubles }
}

/** The messages in one of the directories, by base name. */
export async function scanDirectory(
  files: FileSystem,
  path: string,
  directory: 'new' | 'cur',
): Promise<ReadonlyMap<string, Located>> {
  const messages = new Map<string, Located>()
  for (const fileName of await files.readdir(join(path, directory))) {
    const name = parseMaildirFileName(fileName)
    if (name !== undefined) messages.set(name.base, { ...name, directory, fileName })
  }
  return messages
}

/**
 * The same, for someone who expects messages to be there. POSIX leaves open whether readdir sees a file that is renamed
 * while it reads, so what is missing is looked for again before it is believed to be gone.
 */
export async function scanFor(files: FileSystem, path: string, expected: readonly string[]): Promise<Scan> {
  let scan = await scanMailbox(files, path)
  let missing = expected.filter((base) => !scan.messages.has(base))
  for (let reading = 1; reading < readings && missing.length > 0; reading++) {
    const again = await scanMailbox(files, path)
    scan = { messages: new Map([...scan.messages, ...again.messages]), doubles: again.doubles }
    missing = missing.filter((base) => !scan.messages.has(base))
  }
  return scan
}

export function pathOf(
  path: string,
  { directory, fileName }: Pick<Located, 'directory' | 'fileName'>,
): string {
  // Many of them are made: `join` takes its time.
  return `${path}/${directory}/${fileName}`
}
