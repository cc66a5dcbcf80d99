import type { Fact } from '../facts/fact.ts'
import type { MailboxFacts } from '../facts/message-facts.ts'
import type { SearchCriterion } from '../model/search.ts'
import { entriesWithin } from './entries-within.ts'
import { FactDecision } from './fact-decision.ts'
import { factOf } from './header-facts.ts'
import { prepareQuery } from './query.ts'
import { undecidedEntries } from './search-entries.ts'

/**
 * The same criterion with UIDs in the place of what is asked about From, To, Cc, Bcc, Subject, Message-ID and Date. Only
 * of messages that are not decided otherwise facts are loaded, once for all who search later. Holds as long as the mailbox
 * is not refreshed. `now` is in milliseconds since 1970. Fails as `searchEntries` and the mailbox do.
 */
export async function decideByFacts(
  facts: MailboxFacts,
  criterion: SearchCriterion,
  now: number,
): Promise<SearchCriterion> {
  const query = prepareQuery(criterion, now)
  const needed = new Set<Fact>()
  collectFacts(criterion, needed)
  if (needed.size === 0) return criterion
  const open = await undecidedEntries(entriesWithin(facts.mailbox.entries, criterion), query)
  if (open.length === 0) return criterion
  const rows = await facts.load(
    [...needed],
    open.map(({ uid }) => uid),
  )
  return new FactDecision(rows, open.length).decided(criterion)
}

function collectFacts(criterion: SearchCriterion, facts: Set<Fact>): void {
  if (criterion.kind === 'and' || criterion.kind === 'or')
    for (const each of criterion.of) collectFacts(each, facts)
  else if (criterion.kind === 'not') collectFacts(criterion.of, facts)
  else {
    const fact = factOf(criterion)
    if (fact !== undefined) facts.add(fact)
  }
}
