import { isAbsolute, posix } from 'node:path'
import { readOptions } from 'mailwright'
import { defaultDovecotUidlFormat as defaultUidlFormat } from 'mailwright/formats'
import { mostHashes, placeholders } from './account/account-path.ts'

export interface MaildirOptions {
  /** The directory below which all accounts' Maildirs are: absolute, or relative to the config's `dataDir`. `mail`. */
  readonly root: string
  /**
   * An account's Maildir below `root`: `{domain}` and `{user}` are replaced by the parts of its address, `{id}` by its
   * id, all made safe. `{hash}` is two hexadecimal digits by which many accounts are spread over 256 directories: of the
   * SHA-256 of the id where the template holds `{id}`, else of the address as far as the template holds it
   * (`ann@example.org`, or `ann` without `{domain}`), in lower case. Where it stands again it is the next two digits, for
   * up to four levels: `{hash}/{hash}/{domain}/{user}/Maildir`. `{domain}/{user}/Maildir`.
   */
  readonly path: string
  /**
   * Line ends of new files. `crlf` stores messages octet for octet as they came; `lf` suits sites whose other programs
   * expect Unix lines. Reading gives CRLF in any case. `crlf`.
   */
  readonly lineEnds: 'crlf' | 'lf'
  /**
   * Whether a server that has much to deliver makes deliveries durable by a log of its own, many with one write, and the messages'
   * files a little later. It takes up to 64 MiB in `.deliveries` below `root`, for as long as mail comes. On file systems
   * of a network there is none. `true`.
   */
  readonly deliveryLog: boolean
  /**
   * Whether the texts of messages are indexed, so that a search reads only messages that may hold what is looked for. It
   * takes about a tenth of the mail's room. `true`.
   */
  readonly fullText: boolean
  /**
   * The `pop3_uidl_format` of a Dovecot whose Maildirs are taken over, so that POP3 clients know their messages again.
   * Dovecot's own default, `%08Xu%08Xv`.
   */
  readonly pop3UidlFormat: string
}

export function parseMaildirOptions(input: unknown): MaildirOptions {
  const read = readOptions(input)
  const options: MaildirOptions = {
    root: read.string('root', { default: 'mail' }),
    path: read.string('path', { default: '{domain}/{user}/Maildir' }),
    lineEnds: read.choice('lineEnds', ['crlf', 'lf'], { default: 'crlf' }),
    deliveryLog: read.boolean('deliveryLog', { default: true }),
    fullText: read.boolean('fullText', { default: true }),
    pop3UidlFormat: read.string('pop3UidlFormat', { default: defaultUidlFormat }),
  }
  if (options.root.includes('\0')) read.fault('root', 'must not hold a NUL')
  for (const problem of templateProblems(options.path)) read.fault('path', problem)
  return read.done(options)
}

function templateProblems(path: string): readonly string[] {
  const problems: string[] = []
  if (isAbsolute(path)) problems.push('must be relative to root')
  if (path.includes('\0') || posix.normalize(path).split('/').includes('..'))
    problems.push('must stay below root')
  for (const [placeholder] of path.matchAll(/\{[^}]*\}/g))
    if (!placeholders.includes(placeholder))
      problems.push(`has ${placeholder}; it may hold ${placeholders.join(', ')}`)
  if (path.split('{hash}').length - 1 > mostHashes)
    problems.push(`may hold {hash} ${mostHashes} times at most`)
  if (!path.includes('{user}') && !path.includes('{id}'))
    problems.push('must hold {user} or {id}, or all accounts would share one Maildir')
  return problems
}
