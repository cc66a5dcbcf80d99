import { MailwrightError } from '../errors.ts'
import { annotationName } from '../model/annotation.ts'
import type { Metadata } from '../services/store.ts'

// In the owner's store, where the owner's own private annotations are too (RFC 5464 §3.2.1).
const privateLevel = '/private'
const sharedLevel = '/shared/'
const ofOthers = `${privateLevel}/vendor/mailwright/of/`

// RFC 5464 §4.1 demands room for 10 of 1,024 octets. Those of others fill the owner's mailbox.
const mostPrivate = 50
const longestPrivate = 4096

/** The annotations of a mailbox that its owner sees: without those that others keep there for themselves. */
export function ownAnnotations(kept: Metadata): Metadata {
  return new Map([...kept].filter(([name]) => !isOfOthers(name)))
}

/** Demands that the owner of a mailbox touches none of those that others keep there. MAIL_E_INVALID. */
export function checkOwnAnnotations(names: Iterable<string>): void {
  for (const name of names)
    if (isOfOthers(name))
      throw new MailwrightError(
        'MAIL_E_INVALID',
        `annotations of this name are others': ${JSON.stringify(name)}`,
      )
}

/** The annotations of a mailbox that another account sees: those for all, and its own private ones. */
export function annotationsFor(account: string, kept: Metadata): Metadata {
  const prefix = prefixOf(account)
  const seen = new Map<string, Buffer>()
  for (const [name, value] of kept) {
    const key = name.toLowerCase()
    if (key.startsWith(sharedLevel)) seen.set(name, value)
    else if (key.startsWith(prefix)) seen.set(privateLevel + key.slice(prefix.length - 1), value)
  }
  return seen
}

/**
 * Another account's changes under the names by which its private annotations are kept. MAIL_E_INVALID for names that are
 * neither private nor shared; MAIL_E_OVER_QUOTA beyond 50 private ones or 4,096 octets.
 */
export function keptChanges(
  account: string,
  kept: Metadata,
  changes: ReadonlyMap<string, Buffer | null>,
): ReadonlyMap<string, Buffer | null> {
  const prefix = prefixOf(account)
  const mapped = new Map<string, Buffer | null>()
  const left = new Set(
    [...kept.keys()].map((name) => name.toLowerCase()).filter((name) => name.startsWith(prefix)),
  )
  for (const [name, value] of changes) {
    const key = keptName(prefix, name)
    mapped.set(key, value)
    if (!key.startsWith(prefix)) continue
    if (value === null) left.delete(key)
    else left.add(key)
    if ((value?.length ?? 0) > longestPrivate) throw tooMuch()
  }
  if (left.size > mostPrivate) throw tooMuch()
  return mapped
}

/** Whether an annotation is one that all see. */
export function isForAll(name: string): boolean {
  return name.toLowerCase().startsWith(sharedLevel)
}

function keptName(prefix: string, name: string): string {
  const key = annotationName(name)
  if (key === undefined)
    throw new MailwrightError('MAIL_E_INVALID', `not an annotation's name: ${JSON.stringify(name)}`)
  return isForAll(key) ? key : prefix + key.slice(privateLevel.length + 1)
}

function isOfOthers(name: string): boolean {
  return name.toLowerCase().startsWith(ofOthers)
}

/** Names are compared without regard to case, ids are not: whatever is no small letter or digit is written as `=xx`. */
function prefixOf(account: string): string {
  const encoded = account.replace(/[^a-z0-9]/gu, (character) =>
    [...Buffer.from(character)].map((octet) => `=${octet.toString(16).padStart(2, '0')}`).join(''),
  )
  return `${ofOthers}${encoded}/`
}

function tooMuch(): MailwrightError {
  return new MailwrightError(
    'MAIL_E_OVER_QUOTA',
    `an account may keep ${mostPrivate} annotations of ${longestPrivate} octets with a mailbox of others`,
  )
}
