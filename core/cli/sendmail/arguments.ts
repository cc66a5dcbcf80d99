import type { DropEnvelope } from '../../formats/drop-file.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'

/** What the command is asked to do. */
export type SendmailMode =
  /** Take a message from standard input. */
  | 'message'
  /** Speak SMTP on standard input and output. */
  | 'smtp'
  | 'list-queue'
  | 'flush-queue'
  /** What is there for programs that expect it, and does nothing here. */
  | 'nothing'
  | 'help'

export interface SendmailArguments {
  readonly mode: SendmailMode
  /** Recipients stand in the header, too. */
  readonly recipientsInHeader: boolean
  /** A lone dot is a line like any other. */
  readonly dotsAreText: boolean
  /** As written; empty for the null reverse-path. The user where absent. */
  readonly sender?: string
  readonly fullName?: string
  /** As written: each may be a list. */
  readonly recipients: readonly string[]
  readonly envelope: Pick<DropEnvelope, 'body' | 'ret' | 'envelopeId' | 'notify'>
  /** What to flush, in the words of `queue flush`. */
  readonly flush: readonly string[]
  readonly dropFolder?: string
  readonly configFile?: string
  /** What was left out, for standard error. */
  readonly warnings: readonly string[]
}

type Draft = { -readonly [Name in keyof SendmailArguments]: SendmailArguments[Name] } & {
  recipients: string[]
  envelope: { -readonly [Name in keyof SendmailArguments['envelope']]: SendmailArguments['envelope'][Name] }
  warnings: string[]
}

// Letters that take a value, in the same word or as the next one; as Postfix's sendmail(1) has them.
const withValue = new Set('ABCFLNORVXbefhopqr')
const withoutValue = new Set('GIUcimnstvx')
const wordOptions: Readonly<Record<string, 'dropFolder' | 'configFile'>> = {
  '--drop': 'dropFolder',
  '--config': 'configFile',
}

/** What the program is asked for by its own name alone, as a link. */
const modesByName: Readonly<Record<string, SendmailMode>> = { mailq: 'list-queue', newaliases: 'nothing' }

/**
 * Reads the words behind `sendmail` (or `mailq`, `newaliases`: `name`) as sendmail(1) does: options come before recipients, letters may
 * stand together, `--` ends them. Throws SendmailError with EX_USAGE.
 */
export function parseArguments(name: string, words: readonly string[]): SendmailArguments {
  const draft: Draft = {
    mode: modesByName[name] ?? 'message',
    recipientsInHeader: false,
    dotsAreText: false,
    recipients: [],
    envelope: {},
    flush: [],
    warnings: [],
  }
  const rest = [...words]
  for (let word = rest[0]; word?.startsWith('-') && word !== '-'; word = rest[0]) {
    rest.shift()
    if (word === '--') break
    const long = /^(--[a-z]+)(?:=(.*))?$/s.exec(word)
    if (long === null) readLetters(draft, word.slice(1), rest)
    else readWord(draft, long[1] ?? '', long[2], rest)
  }
  draft.recipients.push(...rest)
  return draft
}

function readWord(draft: Draft, option: string, value: string | undefined, rest: string[]): void {
  if (option === '--help') {
    draft.mode = 'help'
    return
  }
  const place = wordOptions[option]
  if (place === undefined) throw usage(`unknown option ${option}`)
  draft[place] = value ?? rest.shift() ?? fail(`${option} needs a value`)
}

function readLetters(draft: Draft, letters: string, rest: string[]): void {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at)
    const joined = letters.slice(at + 1)
    // `-q` flushes where nothing stands behind it in the same word: the next word is not its value.
    if (letter === 'q' || withValue.has(letter)) {
      const value =
        joined !== '' || letter === 'q' ? joined : (rest.shift() ?? fail(`-${letter} needs a value`))
      readOption(draft, letter, value)
      return
    }
    if (!withoutValue.has(letter)) throw usage(`unknown option -${letter}`)
    if (letter === 't') draft.recipientsInHeader = true
    else if (letter === 'i') draft.dotsAreText = true
    else if (letter === 'I') draft.mode = 'nothing'
  }
}

function readOption(draft: Draft, letter: string, value: string): void {
  switch (letter) {
    case 'f':
    case 'r':
      draft.sender = value
      break
    case 'F':
      draft.fullName = value
      break
    case 'C':
      draft.configFile = value
      break
    case 'b':
      draft.mode = modeOf(value)
      break
    case 'q':
      readFlush(draft, value)
      break
    case 'o':
      // Postfix's sendmail looks at the first letter alone: `-oit` and `-oitrue` are in use.
      if (value.startsWith('i')) draft.dotsAreText = true
      else if (value === 'I') draft.mode = 'nothing'
      break
    default:
      readEnvelopeOption(draft, letter, value)
  }
}

function modeOf(value: string): SendmailMode {
  switch (value) {
    case 'm':
    case 'a':
      return 'message'
    case 's':
      return 'smtp'
    case 'p':
      return 'list-queue'
    case 'i':
    case 'h':
    case 'H':
      return 'nothing'
    case 'd':
    case 'l':
    case 'D':
      throw usage(`-b${value}: the server is started by "mailwright start"`)
    default:
      throw usage(`-b${value} is not supported`)
  }
}

/** RFC 3461's words, which sendmail(1) leaves out with a warning where they are wrong. */
function readEnvelopeOption(draft: Draft, letter: string, value: string): void {
  const { envelope, warnings } = draft
  const word = value.toUpperCase()
  if (letter === 'B') {
    if (word !== '7BIT' && word !== '8BITMIME') throw usage('-B takes 7BIT or 8BITMIME')
    envelope.body = word
  } else if (letter === 'R') {
    if (word === 'HDRS' || word === 'FULL') envelope.ret = word
    else warnings.push('-R takes hdrs or full; it is left out')
  } else if (letter === 'V') {
    if (isEnvelopeId(value)) envelope.envelopeId = value
    else
      warnings.push(
        '-V takes at most 100 printable characters, of which "+", "=" and " " count three; it is left out',
      )
  } else if (letter === 'N') {
    const notify = notifyOf(word.split(',').map((each) => each.trim()))
    if (notify === undefined) warnings.push('-N takes never, or success, failure and delay; it is left out')
    else envelope.notify = notify
  }
}

/** RFC 3461 §4.4: printable ASCII, at most 100 characters as they go on, in xtext. */
function isEnvelopeId(value: string): boolean {
  return /^[\x20-\x7e]+$/.test(value) && value.replaceAll(/[+= ]/g, '+XX').length <= 100
}

function notifyOf(words: readonly string[]): NonNullable<DropEnvelope['notify']> | undefined {
  if (words.length === 1 && words[0] === 'NEVER') return ['NEVER']
  const known = (['SUCCESS', 'FAILURE', 'DELAY'] as const).filter((word) => words.includes(word))
  return words.every((word) => known.some((each) => each === word)) ? known : undefined
}

/** A number is the time between queue runs, which the server knows itself: nothing is done at all, and nothing is read. */
function readFlush(draft: Draft, value: string): void {
  const [kind = '', what] = [value.charAt(0), value.slice(1)]
  if (/^\d/.test(value)) draft.mode = 'nothing'
  else if (value === '') draft.mode = 'flush-queue'
  else if (kind === 'I' && what !== '') {
    draft.mode = 'flush-queue'
    draft.flush = ['--', what]
  } else if (kind === 'R' && what !== '') {
    draft.mode = 'flush-queue'
    draft.flush = ['--recipient', what.startsWith('@') ? what : `@${what}`]
  } else throw usage(`-q${value} is not supported`)
}

function usage(problem: string): SendmailError {
  return new SendmailError(exitCodes.usage, `${problem} (--help tells what is)`)
}

function fail(problem: string): never {
  throw usage(problem)
}
