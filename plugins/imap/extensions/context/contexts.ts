import type { ImapSearchResult, ImapSelected, ImapSession } from 'mailwright/imap'
import type { FetchedItems } from '../fetch/fetched-items.ts'
import { UpdateContext } from './update-context.ts'

const mostContexts = 16
/** Messages that the contexts of a session may remember together; one context may always be. */
const mostMessages = 500_000

/** The contexts of a selected mailbox that are kept up to date. They end with it. */
class Contexts {
  readonly #contexts = new Map<string, UpdateContext>()

  has(tag: string): boolean {
    return this.#contexts.has(tag)
  }

  /**
   * Follows a result from now on, or tells the client that it does not (RFC 5267 §4.3.1). `items` are fetched of new
   * messages that are found.
   */
  add(result: ImapSearchResult, selected: ImapSelected, items?: FetchedItems): void {
    if (!this.#hasRoomFor(result.uids.length)) {
      refuse(result.session, result.tag, 'Too many contexts')
      return
    }
    const fail = ({ tag }: UpdateContext): void => {
      this.cancel(tag)
      refuse(result.session, tag, 'The search failed')
    }
    const context = new UpdateContext(result, selected, { items, fail })
    this.#contexts.set(context.tag, context)
  }

  cancel(tag: string): void {
    this.#contexts.get(tag)?.end()
    this.#contexts.delete(tag)
  }

  /** Those in message numbers end: none may be told any more (RFC 9586 §3). */
  endNumbered(session: ImapSession): void {
    for (const { byUid, tag } of [...this.#contexts.values()]) {
      if (byUid) continue
      this.cancel(tag)
      refuse(session, tag, 'Only UIDs are in use')
    }
  }

  #hasRoomFor(messages: number): boolean {
    const { size } = this.#contexts
    if (size === 0) return true
    const remembered = [...this.#contexts.values()].reduce((sum, context) => sum + context.size, 0)
    return size < mostContexts && remembered + messages <= mostMessages
  }
}

function refuse({ out }: ImapSession, tag: string, why: string): void {
  out.untagged(`NO [NOUPDATE "${tag}"] ${why}`)
}

const known = new WeakMap<ImapSelected, Contexts>()

/** The contexts of a selected mailbox. */
export function contextsOf(selected: ImapSelected): Contexts {
  const contexts = known.get(selected) ?? new Contexts()
  known.set(selected, contexts)
  return contexts
}
