import { type AccountStore, Pacer } from 'mailwright'
import type { ImapArguments } from 'mailwright/imap'
import { no, Refusal } from '../../engine/result.ts'

// Each is opened and searched by itself.
const mostNames = 1_000

/** Which mailboxes are searched (RFC 7377 §2.2, RFC 5465 §6). */
export type SearchSource =
  | { readonly kind: 'selected' | 'personal' | 'subscribed' }
  | { readonly kind: 'mailboxes' | 'subtree' | 'subtree-one'; readonly names: readonly string[] }

/** Reads `IN (…)`, which comes next. Refused with LIMIT where it names more than 1,000 mailboxes. */
export function readSources(args: ImapArguments): readonly SearchSource[] {
  args.expects('IN (')
  const sources = [readSource(args)]
  while (args.takes(' ')) {
    if (args.sees('(')) args.fail('No scope options are known')
    sources.push(readSource(args))
  }
  args.expects(')')
  const names = new Set(sources.flatMap((source) => ('names' in source ? source.names : [])))
  if (names.size > mostNames) throw new Refusal(no('The search names too many mailboxes', 'LIMIT'))
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
 * it may see. `selected` is the mailbox that is selected. Looks at each mailbox once, in turn with other work.
 */
export async function namesOf(
  sources: readonly SearchSource[],
  mail: AccountStore,
  selected: string | undefined,
): Promise<readonly string[]> {
  const kinds = new Set(sources.map(({ kind }) => kind))
  const roots = namedIn(sources, 'subtree')
  const parents = namedIn(sources, 'subtree-one')
  const names = new Set([...namedIn(sources, 'mailboxes'), ...roots, ...parents])
  // Below an empty name are all.
  names.delete('')
  if (kinds.has('selected') && selected !== undefined) names.add(selected)
  const subscribed = new Set(kinds.has('subscribed') ? await mail.subscriptions() : [])
  const needsList = [...kinds].some((kind) => kind !== 'selected' && kind !== 'mailboxes')
  const pacer = new Pacer()
  for (const { name, namespace } of needsList ? await mail.mailboxes() : []) {
    if (pacer.isDue) await pacer.rest()
    const isPersonal = kinds.has('personal') && namespace === 'personal'
    if (isPersonal || subscribed.has(name) || parents.has(levelAbove(name)) || isWithin(name, roots))
      names.add(name)
  }
  return [...names]
}

function namedIn(
  sources: readonly SearchSource[],
  wanted: 'mailboxes' | 'subtree' | 'subtree-one',
): ReadonlySet<string> {
  return new Set(sources.flatMap((source) => (source.kind === wanted ? source.names : [])))
}

/** The name of the mailbox that one lies in; empty for the highest. */
function levelAbove(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/** Whether a mailbox lies somewhere below one of the roots. */
function isWithin(name: string, roots: ReadonlySet<string>): boolean {
  if (roots.size === 0) return false
  let level = name
  do {
    level = levelAbove(level)
    if (roots.has(level)) return true
  } while (level !== '')
  return false
}
