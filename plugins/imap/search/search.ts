import { errorCode, isSummaryField, type MessageEntry, type SearchCriterion, type UidRange } from 'mailwright'
import type { ImapCall, ImapSearchScope, ImapSession } from 'mailwright/imap'
import { decideByFacts } from 'mailwright/search'
import { bad, no, Refusal } from '../engine/result.ts'
import type { SearchCriteria } from './criteria.ts'
import { Progress } from './progress.ts'
import { rangesOf, selectedScope } from './scope.ts'

/** A search of the selected mailbox that was run. */
export interface SelectedSearch {
  /** Of messages that the client knows of, ascending. */
  readonly uids: readonly number[]
  /** As `ImapSearchResult.again`. */
  again(among?: readonly number[]): Promise<readonly number[]>
}

/** Searches the selected mailbox, and tells the client of it where that takes long. Fails as the mailbox does. */
export async function searchSelected(call: ImapCall, { term }: SearchCriteria): Promise<SelectedSearch> {
  const { session, tag } = call
  const { selected } = session
  if (selected === undefined) throw new Refusal(bad('No mailbox is selected'))
  const search = new MailboxSearch(session, selectedScope(selected), term)
  const progress = new Progress(session, tag)
  const uids = await progress.during(() => search.run((done, total) => progress.is(done, total)))
  return { uids, again: (among) => search.again(among) }
}

// Messages that are searched with one call where they have to be read: so often it is known how far the search is.
const atOnce = 5_000

/** The search of one mailbox, to be run once or more. */
export class MailboxSearch {
  readonly #session: ImapSession
  readonly #scope: ImapSearchScope
  readonly #criterion: SearchCriterion

  constructor(session: ImapSession, scope: ImapSearchScope, term: SearchCriteria['term']) {
    this.#session = session
    this.#scope = scope
    this.#criterion = term(scope)
  }

  /** UIDs, ascending. `progress` is told how many messages of how many were searched. */
  async run(progress: (done: number, total: number) => void = () => {}): Promise<readonly number[]> {
    const { entries } = this.#scope.mailbox
    const criterion = await this.#decided(this.#criterion)
    if (entries.length <= atOnce || !readsContents(criterion)) return this.#search(criterion)
    const found: number[] = []
    for (let start = 0; start < entries.length; start += atOnce) {
      progress(start, entries.length)
      const last = Math.min(start + atOnce, entries.length) - 1
      const range = { first: entries[start]?.uid ?? 0, last: entries[last]?.uid ?? 0 }
      const part = await this.#search(within([range], criterion))
      for (const uid of part) found.push(uid)
    }
    return found
  }

  /** The same over what the mailbox holds now, or over some of its messages. */
  async again(among?: readonly number[]): Promise<readonly number[]> {
    if (among === undefined) return this.run()
    return this.#search(await this.#decided(within(rangesOf(among), this.#criterion)))
  }

  /** What all sessions know of the messages needs not be asked of the store. */
  async #decided(criterion: SearchCriterion): Promise<SearchCriterion> {
    const { account, server } = this.#session
    const { mailbox, selected } = this.#scope
    const facts = selected?.facts ?? server.facts.of(account.id, mailbox)
    try {
      return await decideByFacts(facts, criterion, server.clock.now())
    } catch (error) {
      // It has more nodes, or looks for more or longer texts, than is allowed.
      if (errorCode(error) === 'MAIL_E_INVALID')
        throw new Refusal(no('The search is too complicated', 'LIMIT'))
      throw error
    }
  }

  async #search(criterion: SearchCriterion): Promise<readonly number[]> {
    const { mailbox, selected } = this.#scope
    const uids = await mailbox.search(criterion)
    return selected === undefined || selected.messages === mailbox.entries
      ? uids
      : knownOf(uids, selected.messages)
  }
}

function within(ranges: readonly UidRange[], criterion: SearchCriterion): SearchCriterion {
  return { kind: 'and', of: [{ kind: 'uids', ranges }, criterion] }
}

/** Whether messages have to be read: the store cannot tell from what it keeps of them. */
function readsContents(criterion: SearchCriterion): boolean {
  switch (criterion.kind) {
    case 'and':
    case 'or':
      return criterion.of.some(readsContents)
    case 'not':
      return readsContents(criterion.of)
    case 'header':
      return !isSummaryField(criterion.field)
    default:
      return criterion.kind === 'body' || criterion.kind === 'text'
  }
}

/** Those of the UIDs that the client knows of; both ascend. */
function knownOf(uids: readonly number[], messages: readonly MessageEntry[]): readonly number[] {
  let at = 0
  return uids.filter((uid) => {
    while (at < messages.length && (messages[at] as MessageEntry).uid < uid) at += 1
    return messages[at]?.uid === uid
  })
}
