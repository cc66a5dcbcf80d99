import type { Address } from './address/address.ts'

/**
 * What an account may do with a mailbox: the letters of RFC 4314 §2.1.
 *
 * | letter | allows |
 * | --- | --- |
 * | `l` | to see that the mailbox exists, to subscribe to it |
 * | `r` | to open it and to read its messages |
 * | `s` | to set and clear `\Seen` |
 * | `w` | to set and clear other flags and keywords |
 * | `i` | to put messages into it |
 * | `p` | to send mail to its address |
 * | `k` | to make mailboxes below it, to rename others to there |
 * | `x` | to delete or rename it |
 * | `t` | to set and clear `\Deleted` |
 * | `e` | to expunge |
 * | `a` | to change who may do what |
 */
export type Rights = string

/** All rights, in the order in which they are written. */
export const allRights: Rights = 'lrswipkxtea'

/** RFC 4314 §2.1.1: what the letters of RFC 2086 mean. Of its two readings the one that keeps `x` out of `d`. */
const obsoleteRights: ReadonlyMap<string, Rights> = new Map([
  ['c', 'kx'],
  ['d', 'te'],
])

/**
 * The rights in their order, each once, with what `c` and `d` stand for in their place; undefined where something is
 * not a right: RFC 4314 §3.1 wants that refused, never ignored.
 */
export function canonicalRights(rights: string): Rights | undefined {
  const letters = new Set<string>()
  for (const letter of rights)
    for (const meant of obsoleteRights.get(letter) ?? letter) {
      if (!allRights.includes(meant)) return undefined
      letters.add(meant)
    }
  return [...allRights].filter((letter) => letters.has(letter)).join('')
}

/**
 * Canonical rights as a protocol shows them: with `c` and `d` behind them where any right is there that those stand for,
 * for clients of RFC 2086 (RFC 4314 §2.1.1).
 */
export function withObsoleteRights(rights: Rights): string {
  const shown = [...obsoleteRights].filter(([, meant]) => hasAnyRight(rights, meant))
  return rights + shown.map(([letter]) => letter).join('')
}

/** Whether every one of some rights is there. True for none. */
export function hasAllRights(rights: Rights, wanted: Rights): boolean {
  return [...wanted].every((letter) => rights.includes(letter))
}

/** Whether at least one of some rights is there. */
export function hasAnyRight(rights: Rights, wanted: Rights): boolean {
  return [...wanted].some((letter) => rights.includes(letter))
}

/**
 * Whom a line of an access control list speaks of: an account's id or address; `anyone`; or any of these with a `-` in
 * front, which takes rights away (RFC 4314 §2). An id outlives the change of an address, so lists should hold ids.
 */
export type RightsIdentifier = string

/** One line of an access control list. */
export interface AccessEntry {
  readonly identifier: RightsIdentifier
  readonly rights: Rights
  /** The address of the account that the identifier speaks of, as it is now: where a list is asked for, and it is known. */
  readonly address?: Address
}
