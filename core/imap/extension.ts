import type { Content } from '../model/content.ts'
import type { CreateOptions, MailboxStatus } from '../services/store.ts'
import type { ImapArguments } from './arguments.ts'
import type { ImapFetchItem, ImapFetchModifier, ImapStoreModifier } from './fetching.ts'
import type { ImapListReturn, ImapListSelection } from './listing.ts'
import type { ImapSearchKey, ImapSearchReturn } from './searching.ts'
import type { ImapSelected } from './selected.ts'
import type { ImapSession } from './session.ts'

/**
 * How IMAP is extended. Everything an IMAP listener can do, RFC 9051 itself included, is in modules of this one shape;
 * a plugin registers its own with `imapExtensions` and needs nothing else of the listener.
 *
 * Texts that are sent and received are **octet strings**: one character is one octet (Latin-1), so that UTF-8 and
 * whatever else a message holds goes through untouched. Names of mailboxes are the exception: they are real text
 * wherever they are values, and `ImapArguments.mailbox` and `ImapOutput.mailbox` translate.
 */
export interface ImapExtension {
  /** Unique, kebab-case. */
  readonly name: string
  /** The names for CAPABILITY that hold for a session at this moment. Without it there is none. */
  capabilities?(session: ImapSession): readonly string[]
  /** What ENABLE can switch on, in capitals, and what happens then (RFC 5161). */
  readonly enables?: ImapWords<(session: ImapSession) => void>
  /** Commands by name, in capitals: `IDLE`, `UID MOVE`. */
  readonly commands?: ImapWords<ImapCommand>
  /** What FETCH can ask for: `ENVELOPE`, `BODY.PEEK`. */
  readonly fetchItems?: ImapWords<ImapFetchItem>
  /** What may stand behind FETCH's items, in parentheses: `CHANGEDSINCE` (RFC 4466 §2.4). */
  readonly fetchModifiers?: ImapWords<ImapFetchModifier>
  /** What may stand before STORE's items: `UNCHANGEDSINCE`. */
  readonly storeModifiers?: ImapWords<ImapStoreModifier>
  /** Keys of SEARCH and whatever uses its criteria. */
  readonly searchKeys?: ImapWords<ImapSearchKey>
  /** What SEARCH RETURN can ask for (RFC 4731). */
  readonly searchReturns?: ImapWords<ImapSearchReturn>
  /** Items of STATUS. */
  readonly statusItems?: ImapWords<ImapStatusItem>
  /** Parameters of SELECT and EXAMINE: `QRESYNC`. */
  readonly selectParameters?: ImapWords<ImapSelectParameter>
  /** Selection options of LIST: `REMOTE`. */
  readonly listSelections?: ImapWords<ImapListSelection>
  /** Return options of LIST: `CHILDREN`. */
  readonly listReturns?: ImapWords<ImapListReturn>
  /** Parameters of CREATE: `USE`. */
  readonly createParameters?: ImapWords<ImapCreateParameter>
  /** Other ways to give APPEND a message than a literal: `CATENATE`, `UTF8`. */
  readonly appendData?: ImapWords<ImapAppendData>
  /** A client has logged in. */
  loggedIn?(session: ImapSession): void
  /** A mailbox was opened and its responses are being written. May write more. */
  opened?(session: ImapSession, selected: ImapSelected): void | Promise<void>
  /** The session is over, or has logged out of its account (RFC 8437). */
  ended?(session: ImapSession): void
}

/** By word, in capitals. */
export type ImapWords<Meaning> = Readonly<Record<string, Meaning>>

export type ImapState = 'not authenticated' | 'authenticated' | 'selected'

/** A status response (RFC 9051 §7.1). */
export interface ImapResult {
  readonly status: 'OK' | 'NO' | 'BAD' | 'BYE'
  /** Without brackets: `NONEXISTENT`, `COPYUID 1 2 3`. */
  readonly code?: string
  readonly text: string
  /** Message numbers stood in a UID command, so that expunges by others are told later (RFC 7162 §3.2.10.2). */
  readonly keepsNumbers?: boolean
  /** The tagged response was written already, before the connection changed (RFC 9051 §6.2.1, RFC 4978 §3). */
  readonly silent?: boolean
}

/** One command, such as `UID EXPUNGE`. */
export interface ImapCommand {
  /** In which states it may be given. */
  readonly states: readonly ImapState[]
  /**
   * Message numbers must stand until it is answered: expunges by others are told later (RFC 9051 §7.5.1: FETCH, STORE and
   * SEARCH).
   */
  readonly keepsNumbers?: boolean
  /** Looks for changes by others before it is answered, also where nobody has told of one: NOOP. */
  readonly looks?: boolean
  /** How large literals are taken, for commands that take whole messages. Without it they must be small. */
  readonly literals?: ImapLiteralRule
  /** Answers, or throws what {@link ImapArguments.fail} and the services throw: their codes are translated. */
  run(call: ImapCall): Promise<ImapResult>
}

export interface ImapLiteralRule {
  /**
   * Asked before a client may send a literal; `args` is what came before it, of which large literals can not be read yet. A
   * refusal is the answer to the command. Literals of up to 4 KiB are not asked for as long as the command is not long.
   */
  admit(
    args: ImapArguments,
    literal: ImapComingLiteral,
    session: ImapSession,
  ): Promise<ImapResult | undefined>
}

/** A literal that a client wants to send. */
export interface ImapComingLiteral {
  /** Octets. */
  readonly size: number
  /** What was admitted of this command before. */
  readonly before: { readonly literals: number; readonly octets: number }
}

/** A command that is being answered. */
export interface ImapCall {
  readonly tag: string
  /** In capitals: `UID FETCH`. */
  readonly name: string
  /** It begins with UID: numbers of messages are UIDs. */
  readonly byUid: boolean
  readonly session: ImapSession
  readonly args: ImapArguments
  /** Asks for more (`+ text`) and waits for a line of at most so many octets, without its line end. */
  continuation(text: string, limit: number): Promise<string>
  /** Waits for a line without asking: IDLE's DONE. */
  readLine(limit: number): Promise<string>
}

/** The words of all extensions. */
export type ImapVocabulary = {
  readonly [Name in ImapVocabularyName]: ReadonlyMap<
    string,
    NonNullable<ImapExtension[Name]> extends ImapWords<infer Meaning> ? Meaning : never
  >
}

export type ImapVocabularyName =
  | 'enables'
  | 'commands'
  | 'fetchItems'
  | 'fetchModifiers'
  | 'storeModifiers'
  | 'searchKeys'
  | 'searchReturns'
  | 'statusItems'
  | 'selectParameters'
  | 'listSelections'
  | 'listReturns'
  | 'createParameters'
  | 'appendData'

/** Value of a STATUS item; undefined leaves it out. */
export type ImapStatusItem = (
  status: MailboxStatus,
  session: ImapSession,
) => string | undefined | Promise<string | undefined>

export interface ImapSelectRequest {
  readonly session: ImapSession
  /** Called when the mailbox is open and its first responses are written. */
  whenOpen(task: (selected: ImapSelected) => void | Promise<void>): void
}

export type ImapSelectParameter = (args: ImapArguments, request: ImapSelectRequest) => void

/** What is known of a mailbox that is to be made. */
export interface ImapCreateRequest {
  readonly session: ImapSession
  options: CreateOptions
}

export type ImapCreateParameter = (args: ImapArguments, request: ImapCreateRequest) => void

/** Reads what stands behind the word that says how a message is given, where it is not one literal. */
export type ImapAppendData = (args: ImapArguments, session: ImapSession) => ImapAppendSource

/** Where the octets of a message come from that APPEND stores. */
export interface ImapAppendSource {
  /** It may hold NUL, as literal8 does (RFC 3516 §4.4). */
  readonly binary?: boolean
  /** The octets; called when all arguments are read. */
  read(): Promise<Content>
  /** Called once when they are not needed any more, whether or not they were read. */
  release?(): Promise<void>
}

/** Where plugins register extensions of IMAP, in their `setup`. Every IMAP listener of the config takes them. */
export interface ImapExtensions {
  /** MAIL_E_EXISTS where another one has the name. Words of a later one replace those of an earlier one. */
  add(extension: ImapExtension): void
  /** Those of plugins, in the order in which they came. */
  readonly all: readonly ImapExtension[]
}
