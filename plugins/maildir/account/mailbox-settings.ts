import { join } from 'node:path'
import { annotationName, MailwrightError, type Metadata, type SpecialUse, specialUse } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import { JsonFile } from '../files/json-file.ts'

/** What is kept of a mailbox beside its messages. It lies in the mailbox's directory, so that it goes where that goes. */
export interface MailboxSettings {
  readonly specialUse?: SpecialUse
  /** In base64, by entry name in lower case. */
  readonly metadata: Readonly<Record<string, string>>
}

export const settingsFileName = 'mailwright-settings'

/** In the account's Maildir, held by whoever changes special uses: only one mailbox has a use, and lists learn of it. */
export const usesLockName = 'mailwright-uses.lock'

const nothing: MailboxSettings = { metadata: {} }

/** The settings in a directory: those of a mailbox, or, of the account, those in `mailwright-account`. */
export function settingsFile(
  context: MaildirContext,
  directory: string,
  name: string,
): JsonFile<MailboxSettings> {
  return new JsonFile(context, {
    directory,
    name,
    tmp: join(directory, 'tmp'),
    parse: parseSettings,
    absent: async () => nothing,
  })
}

function parseSettings(value: unknown): MailboxSettings | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { metadata, specialUse: use } = value as Record<keyof MailboxSettings, unknown>
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const entries = Object.entries(metadata)
  if (!entries.every(([, text]) => typeof text === 'string')) return undefined
  const known = typeof use === 'string' ? specialUse(use) : undefined
  return {
    metadata: Object.fromEntries(entries),
    ...(known !== undefined && { specialUse: known }),
  }
}

export function metadataOf({ metadata }: MailboxSettings): Metadata {
  return new Map(Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')]))
}

/** Null removes an entry. MAIL_E_INVALID for a name that is none. */
export function withMetadata(
  settings: MailboxSettings,
  changes: ReadonlyMap<string, Buffer | null>,
): MailboxSettings {
  const metadata = new Map(Object.entries(settings.metadata))
  for (const [name, value] of changes) {
    const canonical = annotationName(name)
    if (canonical === undefined)
      throw new MailwrightError('MAIL_E_INVALID', `not an annotation's name: ${JSON.stringify(name)}`)
    if (value === null) metadata.delete(canonical)
    else metadata.set(canonical, value.toString('base64'))
  }
  return { ...settings, metadata: Object.fromEntries(metadata) }
}

export function withSpecialUse(
  { specialUse: _, ...others }: MailboxSettings,
  use: SpecialUse | undefined,
): MailboxSettings {
  return use === undefined ? others : { ...others, specialUse: use }
}
