import type { UidRange } from 'mailwright'
import type { ImapArguments, ImapSession } from 'mailwright/imap'
import { bad, Refusal } from '../../engine/result.ts'
import { settledRanges } from '../../engine/sequence-set.ts'

/** What a client remembers of a mailbox that it opens again (RFC 7162 §3.2.5). */
export interface KnownMessages {
  readonly uidValidity: number
  readonly modSequence: number
  /** Ascending; undefined for all. */
  readonly uids: readonly UidRange[] | undefined
  readonly matches: readonly KnownNumbers[]
}

/** Sequence numbers and UIDs of messages that follow each other in both: the message `number + n` has the UID `uid + n`. */
export interface KnownNumbers {
  readonly number: number
  readonly uid: number
  readonly count: number
}

type Ranges = readonly { readonly first: number; readonly last: number }[]

/** Reads ` (uidvalidity modseq [known-uids] [(numbers uids)])` (RFC 7162 §7). */
export function readKnownMessages(args: ImapArguments, { enabled }: ImapSession): KnownMessages {
  args.space()
  args.expects('(')
  const uidValidity = args.number(1)
  args.space()
  const modSequence = args.number64()
  let uids: readonly UidRange[] | undefined
  let matches: readonly KnownNumbers[] = []
  let goesOn = args.takes(' ')
  if (goesOn && !args.sees('(')) {
    uids = settledRanges(readRanges(args), 0)
    goesOn = args.takes(' ')
  }
  if (goesOn) {
    matches = readMatches(args)
    // RFC 9586 §3: that is about message numbers.
    if (enabled.has('UIDONLY')) throw new Refusal(bad('Only UIDs are in use', 'UIDREQUIRED'))
  }
  args.expects(')')
  return { uidValidity, modSequence, uids, matches }
}

/** RFC 7162 §7: `*` is not allowed there. */
function readRanges(args: ImapArguments): Ranges {
  const set = args.sequenceSet()
  if (set === '$' || set.some(({ first, last }) => !Number.isFinite(first + last)))
    return args.fail('Only numbers are allowed there')
  return set
}

function readMatches(args: ImapArguments): readonly KnownNumbers[] {
  args.expects('(')
  const numbers = readRanges(args)
  args.space()
  const uids = readRanges(args)
  args.expects(')')
  for (const ranges of [numbers, uids]) if (!isAscending(ranges)) args.fail('Both must ascend')
  return paired(numbers, uids) ?? args.fail('There must be as many numbers as UIDs')
}

function isAscending(ranges: Ranges): boolean {
  return ranges.every(({ first, last }, at) => first <= last && first > (ranges[at - 1]?.last ?? 0))
}

/** Cuts both into pieces of the same length; undefined where they are not as long as each other. */
function paired(numbers: Ranges, uids: Ranges): readonly KnownNumbers[] | undefined {
  const pieces: KnownNumbers[] = []
  let [atNumber, atUid, numberOffset, uidOffset] = [0, 0, 0, 0]
  for (;;) {
    const [ofNumbers, ofUids] = [numbers[atNumber], uids[atUid]]
    if (ofNumbers === undefined || ofUids === undefined) return ofNumbers === ofUids ? pieces : undefined
    const number = ofNumbers.first + numberOffset
    const uid = ofUids.first + uidOffset
    const count = Math.min(ofNumbers.last - number, ofUids.last - uid) + 1
    pieces.push({ number, uid, count })
    numberOffset += count
    uidOffset += count
    if (ofNumbers.first + numberOffset > ofNumbers.last) [atNumber, numberOffset] = [atNumber + 1, 0]
    if (ofUids.first + uidOffset > ofUids.last) [atUid, uidOffset] = [atUid + 1, 0]
  }
}
