import type { Content, Mailbox, MessageEntry } from 'mailwright'
import type { LoadedMessage } from './source.ts'

const comparedAtOnce = 64 * 1024

/**
 * Messages of the target from some UID on that an earlier run may have stored. Each counts for one message of the
 * source, so that two that are alike stay two.
 */
export class PresentMessages {
  readonly #mailbox: Mailbox
  readonly #bySize = new Map<number, MessageEntry[]>()

  constructor(mailbox: Mailbox, fromUid: number) {
    this.#mailbox = mailbox
    for (const entry of mailbox.entries) {
      if (entry.uid < fromUid) continue
      const alike = this.#bySize.get(entry.size)
      if (alike === undefined) this.#bySize.set(entry.size, [entry])
      else alike.push(entry)
    }
  }

  /** Whether it is there, octet for octet and with its date; it counts no further then. */
  async take({ entry, content }: LoadedMessage): Promise<boolean> {
    const alike = this.#bySize.get(content.size) ?? []
    for (const [place, candidate] of alike.entries()) {
      if (!sameSecond(candidate.internalDate, entry.internalDate)) continue
      if (!(await this.#holds(candidate, content))) continue
      alike.splice(place, 1)
      return true
    }
    return false
  }

  async #holds({ uid }: MessageEntry, content: Content): Promise<boolean> {
    const other = await this.#mailbox.content(uid).catch(() => undefined)
    if (other === undefined || other.size !== content.size) return false
    for (let at = 0; at < content.size; at += comparedAtOnce) {
      const [one, two] = await Promise.all([
        content.read(at, at + comparedAtOnce),
        other.read(at, at + comparedAtOnce),
      ])
      if (!one.equals(two)) return false
    }
    return true
  }
}

/** A store may keep whole seconds. A message without a date got that of its import. */
function sameSecond(here: Date, there: Date | undefined): boolean {
  return there === undefined || Math.floor(here.getTime() / 1000) === Math.floor(there.getTime() / 1000)
}
