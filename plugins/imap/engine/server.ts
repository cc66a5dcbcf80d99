import { type Clock, type Flow, type Log, MessageFacts, type SpoolWriter, type Store } from 'mailwright'
import type { ImapExtension, ImapLimits, ImapServer, ImapVocabulary } from 'mailwright/imap'
import { SessionCounts } from 'mailwright/network'
import type { ImapOptions } from '../options.ts'
import { type RecentMessages, recentMessagesOf } from './recent-messages.ts'
import { vocabularyOf } from './vocabulary.ts'

/** What the plugin gives a listener. */
export interface ServerParts {
  readonly flow: Flow
  readonly store: Store
  readonly options: ImapOptions
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
  receive(): SpoolWriter
}

/** What all sessions of a listener share. */
export class Server implements ImapServer {
  readonly flow: Flow
  readonly store: Store
  readonly options: ImapOptions
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
  readonly limits: ImapLimits
  readonly receive: () => SpoolWriter
  readonly facts: MessageFacts
  readonly recent: RecentMessages
  #extensions: readonly ImapExtension[] = []
  #vocabulary: ImapVocabulary = vocabularyOf([])
  /** Sessions of accounts, by `account <id>`, and connections of addresses. */
  readonly counts: SessionCounts = new SessionCounts()

  constructor(parts: ServerParts) {
    const { options } = parts
    this.flow = parts.flow
    this.store = parts.store
    this.options = options
    this.hostname = parts.hostname
    this.clock = parts.clock
    this.log = parts.log
    this.receive = () => parts.receive()
    this.facts = new MessageFacts({ bytes: options.cacheSize })
    this.recent = recentMessagesOf(parts.store, parts.clock)
    this.limits = {
      messageSize: options.maxMessageSize,
      commandSize: options.maxCommandSize,
      messagesPerCommand: options.maxMessagesPerCommand,
      messagesPerSave: options.maxMessagesPerSave,
      rawHeaders: options.acceptRawHeaders,
      loginFailures: options.maxLoginFailures,
    }
  }

  /** From now on it speaks with these; before the first connection. */
  speak(extensions: readonly ImapExtension[], vocabulary: ImapVocabulary): void {
    this.#extensions = extensions
    this.#vocabulary = vocabulary
  }

  get extensions(): readonly ImapExtension[] {
    return this.#extensions
  }

  get vocabulary(): ImapVocabulary {
    return this.#vocabulary
  }
}
