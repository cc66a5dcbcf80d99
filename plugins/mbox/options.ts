import { posix } from 'node:path'
import { type OptionReader, readOptions } from 'mailwright'
import { placeholders } from './account-path.ts'

export interface MboxOptions {
  /** The directory below which accounts' mail is, unless the templates are absolute: absolute, or relative to the config's `dataDir`. `mail`. */
  readonly root: string
  /**
   * The file of an account's INBOX: below `root`, or absolute, such as `/var/mail/{user}`. `{domain}` and `{user}` are
   * replaced by the parts of its address, `{id}` by its id, all made safe. `{domain}/{user}/inbox`.
   */
  readonly inbox: string
  /** The directory of an account's other mailboxes, with the same words. `{domain}/{user}/mail`. */
  readonly mailboxes: string
  /**
   * The file `….lock` beside a mailbox, which others respect: `required`; `where-possible`, where the directory of some
   * mailboxes does not let it be made; or `never`. `required`.
   */
  readonly dotLock: 'required' | 'where-possible' | 'never'
  /** Milliseconds after which another program's dot-lock counts as left behind. `500s`. */
  readonly staleLock: number
  /** Milliseconds for which another program's lock is waited for. `30s`. */
  readonly lockTimeout: number
}

export function parseMboxOptions(input: unknown): MboxOptions {
  const read = readOptions(input)
  const options: MboxOptions = {
    root: read.string('root', { default: 'mail' }),
    inbox: template(read, 'inbox', '{domain}/{user}/inbox'),
    mailboxes: template(read, 'mailboxes', '{domain}/{user}/mail'),
    dotLock: read.choice('dotLock', ['required', 'where-possible', 'never'], { default: 'required' }),
    staleLock: read.duration('staleLock', { default: '500s', min: 60_000 }),
    lockTimeout: read.duration('lockTimeout', { default: '30s', min: 100 }),
  }
  if (options.root.includes('\0')) read.fault('root', 'must not hold a NUL')
  if (`${options.mailboxes}/`.startsWith(`${options.inbox}/`))
    read.fault('mailboxes', 'must not be where inbox is, which is a file')
  return read.done(options)
}

function template(read: OptionReader, name: string, fallback: string): string {
  const path = read.string(name, { default: fallback })
  if (path.includes('\0') || posix.normalize(path).split('/').includes('..'))
    read.fault(name, 'must not lead upwards')
  for (const [placeholder] of path.matchAll(/\{[^}]*\}/g))
    if (!placeholders.includes(placeholder))
      read.fault(name, `has ${placeholder}; it may hold ${placeholders.join(', ')}`)
  if (!path.includes('{user}') && !path.includes('{id}'))
    read.fault(name, 'must hold {user} or {id}, or all accounts would share one')
  return path
}
