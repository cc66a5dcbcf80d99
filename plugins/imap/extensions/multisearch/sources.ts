import type { AccountStore, ImapArguments, MailboxInfo } from 'mailwright'

/** Which mailboxes are searched (RFC 7377 §2.2, RFC 5465 §6). */
export type SearchSource =
  | { readonly kind: 'selected' | 'personal' | 'subscribed' }
  | { readonly kind: 'mailboxes' | 'subtree' | 'subtree-one'; readonly names: readonly string[] }

/** Reads `IN (…)`, which comes next. */
export function readSources(args: ImapArguments): readonly SearchSource[] {
  args.expects('IN (')
  const sources = [readSource(args)]
  while (args.takes(' ')) {
    if (args.sees('(')) args.fail('No scope options are known')
    sources.push(readSource(args))
  }
  args.expects(')')
  return sources
}

function readSource(args: ImapArguments): SearchSource {
  switch (args.word()) {
    case 'SELECTED':
      return { kind: 'selected' }
    // RFC 5465 §6.3: the same, where nobody can tell which of them mail is delivered to.
    case 'INBOXES':
    case 'PERSONAL':
      return { kind: 'personal' }
    case 'SUBSCRIBED':
      return { kind: 'subscribed' }
    case 'MAILBOXES':
      return { kind: 'mailboxes', names: readNames(args) }
    case 'SUBTREE':
      return { kind: 'subtree', names: readNames(args) }
    case 'SUBTREE-ONE':
      return { kind: 'subtree-one', names: readNames(args) }
    default:
      return args.fail('There are no such mailboxes to search')
  }
}

function readNames(args: ImapArguments): readonly string[] {
  args.space()
  return args.sees('(') ? args.list(() => args.mailbox(), 1) : [args.mailbox()]
}

/**
 * The names that sources stand for, each once. Some may not exist; those that the client has not named itself are such as
 * it may see. `selected` is the mailbox that is selected.
 */
export async function namesOf(
  sources: readonly SearchSource[],
  mail: AccountStore,
  selected: string | undefined,
): Promise<readonly string[]> {
  const needsList = sources.some(({ kind }) => kind !== 'selected' && kind !== 'mailboxes')
  const listed = needsList ? await mail.mailboxes() : []
  const names = new Set<string>()
  for (const source of sources)
    for (const name of await namesOfOne(source, mail, listed, selected)) names.add(name)
  return [...names]
}

async function namesOfOne(
  source: SearchSource,
  mail: AccountStore,
  listed: readonly MailboxInfo[],
  selected: string | undefined,
): Promise<readonly string[]> {
  switch (source.kind) {
    case 'selected':
      return selected === undefined ? [] : [selected]
    case 'personal':
      return listed.flatMap(({ name, namespace }) => (namespace === 'personal' ? name : []))
    case 'subscribed': {
      const subscribed = new Set(await mail.subscriptions())
      return listed.flatMap(({ name }) => (subscribed.has(name) ? name : []))
    }
    case 'mailboxes':
      return source.names
    default: {
      const { kind, names } = source
      const isBelow = kind === 'subtree' ? isBelowAt : isJustBelow
      return names.flatMap((root) => [
        ...(root === '' ? [] : [root]),
        ...listed.flatMap(({ name }) => (isBelow(name, root) ? name : [])),
      ])
    }
  }
}

/** Below an empty name are all. */
function isBelowAt(name: string, root: string): boolean {
  return root === '' || name.startsWith(`${root}/`)
}

function isJustBelow(name: string, root: string): boolean {
  const start = root === '' ? 0 : root.length + 1
  return isBelowAt(name, root) && !name.slice(start).includes('/')
}
