import type { SendingLimit } from '../../model/account.ts'
import { readOptions } from '../../options.ts'
import { UsageError } from '../context.ts'

/** A word that stands for "no limit", "no name". */
const none = 'none'

/** `512M`; undefined for `none`. */
export function quotaWord(text: string): number | undefined {
  if (text === none) return undefined
  try {
    const read = readOptions({ quota: /^\d+$/.test(text) ? Number(text) : text })
    return read.done(read.size('quota', { min: 1 }))
  } catch {
    throw new UsageError(`"${text}" is not a quota such as 512M, 2G or none`)
  }
}

/** A whole number; undefined for `none`. */
export function countWord(text: string, what: string): number | undefined {
  if (text === none) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`"${text}" is not a number of ${what} such as 100, or none`)
}

/** `100/1h`: so many recipients in so long; undefined for `none`. */
export function sendingLimitWord(text: string): SendingLimit | undefined {
  if (text === none) return undefined
  const [, recipients = '', window = ''] = /^(\d{1,9})\/(.+)$/.exec(text) ?? []
  try {
    const read = readOptions({ window })
    const milliseconds = read.done(read.duration('window', { min: 1000, max: 31 * 86_400_000 }))
    if (recipients !== '' && milliseconds % 1000 === 0)
      return { recipients: Number(recipients), perSeconds: milliseconds / 1000 }
  } catch {
    // Said below.
  }
  throw new UsageError(`"${text}" is not a sending limit such as 100/1h or 500/1d, or none`)
}

/** `100/3600s`, `none`. */
export function sendingLimitText(limit: SendingLimit | undefined): string {
  return limit === undefined ? none : `${limit.recipients}/${limit.perSeconds}s`
}

/** `imap,pop3`; nothing for `none`. */
export function listWord(text: string): readonly string[] {
  if (text === none) return []
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** What an option that may be `none` says; undefined for `none`. */
export function textWord(text: string): string | undefined {
  return text === none ? undefined : text
}

/** An option that was given with a value. */
export function given(value: string | boolean | undefined): value is string {
  return typeof value === 'string'
}

/** True for `--disable`, false for `--enable`, undefined for neither. */
export function disabledOption(
  options: Readonly<Record<string, string | boolean | undefined>>,
): boolean | undefined {
  if (options.disable === true && options.enable === true)
    throw new UsageError('say --disable or --enable, not both')
  if (options.disable === true) return true
  return options.enable === true ? false : undefined
}
