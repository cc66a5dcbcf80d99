import { join } from 'node:path'
import { inbox } from 'mailwright'
import { maildirDirectoryOf as directoryOf, mailboxOfMaildirDirectory as mailboxOf } from 'mailwright/formats'

/** A directory whose name is that of a mailbox. */
export interface NamedDirectory {
  readonly name: string
  /** Its name in the account's Maildir; empty for INBOX, which is that itself. */
  readonly directory: string
  readonly path: string
}

/** The INBOX of the account whose Maildir has this path. */
export function inboxIn(path: string): NamedDirectory {
  return { name: inbox, directory: '', path }
}

/** Those of the names in an account's Maildir that are names of mailboxes; `known` are some whose names need no reading. */
export function namedDirectories(
  root: string,
  directories: readonly string[],
  known: readonly NamedDirectory[] = [],
): readonly NamedDirectory[] {
  const byDirectory = new Map(known.map((each) => [each.directory, each]))
  return directories.flatMap((directory) => {
    const found = byDirectory.get(directory)
    if (found !== undefined) return [found]
    const name = mailboxOf(directory)
    return name === undefined ? [] : [{ name, directory, path: join(root, directory) }]
  })
}

/** Sorted, and one of each name: where two directories have it, the one that we would make is the mailbox. */
export function sortedByName<Named extends NamedDirectory>(there: readonly Named[]): readonly Named[] {
  const named = new Map<string, Named>()
  for (const each of there.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    if (!named.has(each.name) || each.directory === directoryOf(each.name)) named.set(each.name, each)
  return [...named.values()]
}
