import { isAbsolute } from 'node:path'
import type { OptionReader } from 'mailwright'
import { macroNames, unknownMacros } from './pipe/arguments.ts'

/** A program that takes messages on its standard input, as pipe(8) has it. */
export interface PipeInput {
  /**
   * The program by its absolute path, and its words. In the words `${recipient}`, `${sender}`, `${user}`, `${extension}`,
   * `${mailbox}`, `${domain}`, `${nexthop}`, `${original_recipient}`, `${queue_id}` and `${size}` stand for what they say;
   * each word stays one word.
   */
  readonly command: readonly string[]
  /** Whose rights it has, `user` or `user:group`; needed where the server runs as root. */
  readonly user?: string
  /** Letters of pipe(8): `B`, `D`, `F`, `O`, `R`, `X`, `h`, `q`, `u`, `.`, `>`. */
  readonly flags?: string
  /** What ends a line of the message. A line feed. */
  readonly lineEnd?: '\n' | '\r\n'
  /** What stands for the null reverse-path in `${sender}`. `MAILER-DAEMON` */
  readonly nullSender?: string
  /** Its environment, beside `PATH` and `LANG`. */
  readonly env?: Readonly<Record<string, string>>
  /** The folder that it starts in. `/` */
  readonly directory?: string
  /** After that time it is killed, with all that it has started. `5m` */
  readonly timeout?: number | string
  /** How many of them run at the same time. 10 */
  readonly maxProcesses?: number
  /** Octets of a message that it takes. `100M` */
  readonly maxSize?: number | string
}

export interface PipeOptions {
  readonly command: readonly [string, ...string[]]
  readonly user: string | undefined
  readonly flags: ReadonlySet<string>
  readonly lineEnd: string
  readonly nullSender: string
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  readonly timeout: number
  readonly maxProcesses: number
  readonly maxSize: number
}

const knownFlags = 'BDFORXhqu.>'

/** Reads the options of one program. */
export function readPipe(read: OptionReader): PipeOptions {
  return {
    command: readCommand(read),
    user: readUser(read),
    flags: readFlags(read),
    lineEnd: read.choice('lineEnd', ['\n', '\r\n'], { default: '\n' }),
    nullSender: read.string('nullSender', {
      default: 'MAILER-DAEMON',
      pattern: /^[^\s-][\x21-\x7e]*$/,
      expected: 'one word that does not begin with "-"',
    }),
    env: readEnvironment(read),
    directory: read.absolutePath('directory') ?? '/',
    // A client waits for ten minutes at the end of DATA (RFC 5321 §4.5.3.2.6).
    timeout: read.duration('timeout', { default: '5m', min: 1_000, max: 480_000 }),
    maxProcesses: read.integer('maxProcesses', { default: 10, min: 1, max: 1_000 }),
    maxSize: read.size('maxSize', { default: '100M', min: 1 }),
  }
}

function readCommand(read: OptionReader): PipeOptions['command'] {
  const [program, ...words] = read.strings('command')
  if (program === undefined || !isAbsolute(program)) {
    read.fault('command', 'must be a list: the absolute path of a program, and its words')
    return ['/']
  }
  for (const name of words.flatMap(unknownMacros))
    read.fault('command', `names \${${name}}, which is none of ${macroNames.join(', ')}`)
  if ([program, ...words].some((word) => word.includes('\0'))) read.fault('command', 'holds a NUL')
  return [program, ...words]
}

function readUser(read: OptionReader): string | undefined {
  const user = read.optionalString('user')
  if (user === undefined || /^[\w.][\w.-]*\$?(?::[\w.][\w.-]*)?$/.test(user)) return user
  read.fault('user', 'must be "user" or "user:group"')
  return undefined
}

function readFlags(read: OptionReader): ReadonlySet<string> {
  const flags = new Set(read.string('flags', { default: '' }))
  const unknown = [...flags].find((flag) => !knownFlags.includes(flag))
  if (unknown !== undefined) read.fault('flags', `has "${unknown}", which is none of "${knownFlags}"`)
  return flags
}

function readEnvironment(read: OptionReader): Readonly<Record<string, string>> {
  const value = read.value('env') ?? {}
  const isWellFormed =
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.entries(value ?? {}).every(
      ([name, text]) => /^[A-Za-z_]\w*$/.test(name) && typeof text === 'string' && !text.includes('\0'),
    )
  if (!isWellFormed) read.fault('env', 'must be names with their texts')
  return isWellFormed ? { ...(value as Record<string, string>) } : {}
}
