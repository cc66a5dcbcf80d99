import { Pacer } from 'mailwright'
import type { ImapListedMailbox } from 'mailwright/imap'
import { compareMailboxNames, type MailboxNames, noteLevelsAbove } from './mailbox-names.ts'
import type { ListCommand } from './request.ts'

/** Which names are listed, sorted; with CHILDINFO where it is due (RFC 5258 §3.5). */
export async function chooseMailboxes(
  { selection, patterns }: ListCommand,
  names: MailboxNames,
): Promise<readonly ImapListedMailbox[]> {
  const pacer = new Pacer()
  const chosen = new Map<string, ImapListedMailbox>()
  const above = new Set<string>()
  // Levels above something that is selected and does not match: nothing else would tell of it.
  const aboveUnseen = new Set<string>()
  for (const name of selection.ofSubscriptions ? names.subscribed : names.infos.keys()) {
    if (pacer.isDue) await pacer.rest()
    const listed = listedMailbox(name, names)
    if (!selection.admits(listed)) continue
    noteLevelsAbove(name, above)
    if (patterns.matches(name)) chosen.set(name, listed)
    else noteLevelsAbove(name, aboveUnseen)
  }
  const isRestricted = selection.criteria.size > 0
  for (const level of selection.isRecursive ? aboveUnseen : isRestricted ? [] : above) {
    if (pacer.isDue) await pacer.rest()
    const isSeen = aboveUnseen.has(level) && patterns.matches(level)
    if (!chosen.has(level) && (isSeen || (!isRestricted && patterns.matchesLevel(level))))
      chosen.set(level, { ...listedMailbox(level, names), isSelected: !isRestricted })
  }
  if (selection.isRecursive) tellChildren(chosen.values(), above, selection.criteria)
  return [...chosen.values()].sort((one, other) => compareMailboxNames(one.name, other.name))
}

/** A mailbox, or a level above one, as a LIST response begins with it. */
export function listedMailbox(name: string, { infos, subscribed, parents }: MailboxNames): ImapListedMailbox {
  return {
    name,
    info: infos.get(name),
    subscribed: subscribed.has(name),
    attributes: new Set(),
    extended: [],
    hasChildren: parents.has(name),
    isSelected: true,
  }
}

function tellChildren(
  listed: Iterable<ImapListedMailbox>,
  above: ReadonlySet<string>,
  criteria: Iterable<string>,
): void {
  const item = `"CHILDINFO" (${[...criteria].map((name) => `"${name}"`).join(' ')})`
  for (const { name, extended } of listed) if (above.has(name)) extended.push(item)
}
