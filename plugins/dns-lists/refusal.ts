import { type Reply, reply, replyText } from 'mailwright'
import type { Listing } from './list-lookup.ts'
import type { Subject } from './options.ts'

const mostLines = 5
const called: Readonly<Record<Subject, string>> = {
  client: 'Your address',
  hello: 'Your HELO',
  sender: 'Your sender domain',
}

/** The lists that speak against a session, those with the highest score first. */
export function accusing(listings: readonly Listing[]): readonly Listing[] {
  return listings
    .filter(({ list }) => list.score > 0)
    .toSorted((one, other) => other.list.score - one.list.score)
    .slice(0, mostLines)
}

/** Names the lists and what they say, so that whoever is on one by mistake knows where to turn. */
export function listedReply(listings: readonly Listing[], reasons: readonly string[]): Reply {
  const lines = listings.map(({ list, who }, index) => {
    const reason = reasons[index] ?? ''
    return replyText(`${called[list.of]} ${who} is on ${list.name}${reason === '' ? '' : `: ${reason}`}`)
  })
  return reply(554, '5.7.1', lines)
}
