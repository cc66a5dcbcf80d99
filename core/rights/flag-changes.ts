import type { FlagChange } from '../model/flags.ts'
import type { Rights } from '../model/rights.ts'
import type { FlagChangeOptions, FlagOutcome, Mailbox, MessageEntry } from '../services/mailbox.ts'
import { refusal } from './access-guard.ts'
import { permitsEveryFlag, permittedFlags, rightOfFlag } from './flag-rights.ts'

/**
 * Changes those flags that the rights allow. What they do not allow stays as it is; only where they allow nothing of what
 * is asked for is it refused (RFC 4314 §4).
 */
export async function changePermittedFlags(
  mailbox: Mailbox,
  rights: Rights,
  uids: readonly number[],
  change: FlagChange,
  options?: FlagChangeOptions,
): Promise<FlagOutcome> {
  if (permitsEveryFlag(rights)) return mailbox.changeFlags(uids, change, options)
  if ('set' in change) return setPermittedFlags(mailbox, rights, uids, change.set, options)
  if ('add' in change) return mailbox.changeFlags(uids, { add: permitted(change.add, rights) }, options)
  return mailbox.changeFlags(uids, { remove: permitted(change.remove, rights) }, options)
}

function permitted(flags: readonly string[], rights: Rights): readonly string[] {
  const allowed = permittedFlags(flags, rights)
  if (flags.length > 0 && allowed.length === 0) throw refusal(rights)
  return allowed
}

/**
 * To set all flags means to clear the others as well; of both, what is allowed. In two steps: the first says what flags
 * the messages have now.
 */
async function setPermittedFlags(
  mailbox: Mailbox,
  rights: Rights,
  uids: readonly number[],
  flags: readonly string[],
  options: FlagChangeOptions | undefined,
): Promise<FlagOutcome> {
  // It concerns every flag, so any of the three rights is a right to change at least one.
  if (permittedFlags(['\\Seen', '\\Deleted', '\\Flagged'], rights).length === 0) throw refusal(rights)
  const first = await mailbox.changeFlags(uids, { add: permittedFlags(flags, rights) }, options)
  const wanted = new Set(flags.map((flag) => flag.toLowerCase()))
  const unwanted = (flag: string): boolean =>
    rights.includes(rightOfFlag(flag)) && !wanted.has(flag.toLowerCase())
  const remove = [...new Set(first.entries.flatMap((entry) => entry.flags.filter(unwanted)))]
  if (remove.length === 0) return first
  const concerned = first.entries.filter((entry) => entry.flags.some(unwanted)).map((entry) => entry.uid)
  const second = await mailbox.changeFlags(concerned, { remove })
  const now = new Map<number, MessageEntry>(second.entries.map((entry) => [entry.uid, entry]))
  return { entries: first.entries.map((entry) => now.get(entry.uid) ?? entry), modified: first.modified }
}
