import { MailwrightError } from '../errors.ts'
import type { FactSource } from '../facts/index.ts'
import { bufferContent, type Content } from '../model/content.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { summarise } from '../summary/index.ts'

/** A message of a mailbox for tests. */
export interface SummarisedMessage {
  readonly uid: number
  readonly octets: Buffer
  readonly internalDate: Date
}

/** A mailbox for tests as far as facts are read from it, which notes what was asked. Messages come and go as `messages` does. */
export class SummarisedMailbox implements FactSource {
  readonly id: string = 'inbox'
  uidValidity = 1
  messages: readonly SummarisedMessage[]
  /** The UIDs of each call of `summaries`. */
  readonly asked: (readonly number[])[] = []
  /** The UIDs whose contents were asked for. */
  readonly read: number[] = []

  /** Messages by their headers, as lines, with UIDs from 1 on and one second between them. */
  constructor(headers: readonly (readonly string[])[]) {
    this.messages = headers.map((lines, index) => ({
      uid: index + 1,
      octets: Buffer.from(`${lines.join('\r\n')}\r\n\r\nbody\r\n`),
      internalDate: new Date(Date.UTC(2026, 0, 1) + index * 1_000),
    }))
  }

  get entries(): readonly MessageEntry[] {
    return this.messages.map(({ uid, octets, internalDate }) => ({
      uid,
      id: `m${uid}`,
      size: octets.length,
      flags: [],
      internalDate,
      savedDate: internalDate,
      modSequence: uid,
    }))
  }

  get uids(): readonly number[] {
    return this.messages.map(({ uid }) => uid)
  }

  async *summaries(uids: readonly number[]): AsyncGenerator<MessageSummary> {
    this.asked.push(uids)
    const messages = new Map(this.messages.map((message) => [message.uid, message]))
    for (const uid of uids) {
      const octets = messages.get(uid)?.octets
      if (octets !== undefined) yield await summarise(uid, bufferContent(octets))
    }
  }

  async content(uid: number): Promise<Content> {
    this.read.push(uid)
    const octets = this.messages.find((message) => message.uid === uid)?.octets
    if (octets === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no message ${uid}`)
    return bufferContent(octets)
  }
}
