import type { ImapCall, ImapOutput, ImapResult, ImapSearchResult } from 'mailwright/imap'
import { bad, no, ok, Refusal } from '../engine/result.ts'
import { highestModSequence, searchResult } from './result.ts'
import type { SearchReturns } from './returns.ts'

/** What SEARCH or SORT found in the selected mailbox. */
export interface Answering {
  /** What the response is called where there are no return options. */
  readonly word: 'SEARCH' | 'SORT'
  readonly returns: SearchReturns | undefined
  readonly usesModSequence: boolean
  /** In the order found. */
  readonly uids: readonly number[]
  readonly sorted: boolean
  again(among?: readonly number[]): Promise<readonly number[]>
}

// Numbers of a response that are written at once.
const atOnce = 10_000

/**
 * Writes what was found, as SEARCH or SORT, or as ESEARCH where there are return options, and does what these say.
 * Answers the result of the command; refuses with MESSAGELIMIT where only a part could be told and the rest not asked for.
 */
export async function answerSearch(call: ImapCall, answering: Answering): Promise<ImapResult> {
  const { session, tag, byUid } = call
  const { selected } = session
  if (selected === undefined) throw new Refusal(bad('No mailbox is selected'))
  const { returns, usesModSequence, word, ...found } = answering
  // It was found, or sorted, up to this moment: others may have waited.
  await session.out.ready()
  const { mailbox } = selected
  const whole = searchResult({ session, mailbox, selected, tag, byUid, ...found }, `(TAG "${tag}")`)
  const { result, told } = withinLimit(whole, returns)
  if (returns === undefined) await writeNumbers(session.out, word, result, usesModSequence)
  else await answerReturns(returns, result, usesModSequence)
  await session.out.ready()
  return told
}

/** A result as far as one command may tell of it, and the command's own. */
export interface Limited {
  readonly result: ImapSearchResult
  readonly told: ImapResult
}

/** Refuses with MESSAGELIMIT where only a part could be told and the rest not asked for. */
export function withinLimit(whole: ImapSearchResult, returns: SearchReturns | undefined): Limited {
  const uids = limitedUids(whole, returns)
  if (uids === undefined) return { result: whole, told: ok('Searched') }
  const code = `MESSAGELIMIT ${whole.session.server.limits.messagesPerCommand} ${uids[0] ?? 0}`
  const result = searchResult({ ...whole, uids }, whole.correlator)
  return { result, told: ok('Only a part of what was found is told', code) }
}

/**
 * Writes the ESEARCH response that return options make of a result, unless it is `silent`, and does what they say.
 */
export async function answerReturns(
  returns: SearchReturns,
  result: ImapSearchResult,
  usesModSequence: boolean,
  silent: boolean = returns.areSilent,
): Promise<void> {
  const told = toldUids(returns, result)
  if (!silent) {
    const uid = result.byUid ? ' UID' : ''
    const parts = returns.parts(result).map((part) => ` ${part}`)
    const modSequence = usesModSequence ? highestModSequence(result.mailbox.entries, told) : 0
    if (modSequence > 0) parts.push(` MODSEQ ${modSequence}`)
    if (modSequence > 0) result.selected?.toldModSequences()
    result.session.out.untagged(`ESEARCH ${result.correlator}${uid}${parts.join('')}`)
  }
  await returns.answered(result, told)
}

function toldUids(returns: SearchReturns, result: ImapSearchResult): readonly number[] {
  const told = returns.told(result)
  return told === 'all' ? ascending(result) : told
}

function ascending({ uids, sorted }: ImapSearchResult): readonly number[] {
  return sorted ? uids.toSorted((one, other) => one - other) : uids
}

async function writeNumbers(
  out: ImapOutput,
  word: string,
  result: ImapSearchResult,
  usesModSequence: boolean,
): Promise<void> {
  const { numbers, mailbox } = result
  out.write(`* ${word}`)
  for (let start = 0; start < numbers.length; start += atOnce) {
    out.write(` ${numbers.slice(start, start + atOnce).join(' ')}`)
    await out.ready()
  }
  const modSequence = usesModSequence ? highestModSequence(mailbox.entries, ascending(result)) : 0
  if (modSequence > 0) result.selected?.toldModSequences()
  out.write(modSequence > 0 ? ` (MODSEQ ${modSequence})\r\n` : '\r\n')
}

/**
 * The UIDs that are left where there are more than a command may tell of (RFC 9738 §3.1): the highest, so that the client
 * can ask for those below the lowest of them. Undefined where there are not too many.
 */
function limitedUids(
  result: ImapSearchResult,
  returns: SearchReturns | undefined,
): readonly number[] | undefined {
  const most = result.session.server.limits.messagesPerCommand
  if (most === 0) return undefined
  const told = returns?.named(result) ?? 'all'
  if ((told === 'all' ? result.uids : told).length <= most) return undefined
  // RFC 9738 §3.3: a part of what is sorted is of no use.
  if (told !== 'all' || result.sorted)
    throw new Refusal(no(`A command may tell of ${most} messages`, `MESSAGELIMIT ${most}`))
  return result.uids.slice(-most)
}
