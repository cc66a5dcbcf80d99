import { type FlagChange, type MessageEntry, systemFlags, uidFinder } from 'mailwright'
import type {
  ImapCall,
  ImapCommand,
  ImapExtension,
  ImapResult,
  ImapSelected,
  ImapSequenceSet,
  ImapStoreRequest,
} from 'mailwright/imap'
import { mostKeywords } from '../../engine/keywords.ts'
import { withinMessageLimit } from '../../engine/message-limit.ts'
import { bad, no, ok, Refusal } from '../../engine/result.ts'
import { flagsResponse, modSequenceResponse } from '../../engine/updates.ts'
import { numberSet } from '../../format/strings.ts'
import { ExpectedFlags } from './expected-flags.ts'

/** A STORE command as it was read. */
interface Request {
  readonly set: ImapSequenceSet
  readonly change: FlagChange
  /** The client does not want to be told what it did. */
  readonly silent: boolean
  readonly unchangedSince: number | undefined
}

/** Messages, and flags of theirs, between two looks at the clock. */
const atOnce = 256

const command: ImapCommand = {
  states: ['selected'],
  keepsNumbers: true,
  async run(call) {
    const { selected } = call.session
    if (selected === undefined) return bad('No mailbox is selected')
    const request = readRequest(call)
    if (selected.isReadOnly) return no('The mailbox is opened for reading only', 'READ-ONLY')
    return store(call, selected, request)
  },
}

/** STORE and UID STORE (RFC 9051 §6.4.6, §6.4.9), with modifiers (RFC 4466 §2.5). */
export const storeFlags: ImapExtension = {
  name: 'store',
  commands: { STORE: command, 'UID STORE': command },
}

function readRequest({ args, session }: ImapCall): Request {
  args.space()
  const set = args.sequenceSet()
  args.space()
  const request: ImapStoreRequest = { session, unchangedSince: undefined }
  if (args.sees('(')) {
    args.list(() => {
      const name = args.word()
      const modifier = session.server.vocabulary.storeModifiers.get(name)
      if (modifier === undefined) return args.fail(`The modifier ${name} is unknown`)
      return modifier(args, request)
    }, 1)
    args.space()
  }
  const sign = args.takes('+') ? '+' : args.takes('-') ? '-' : ''
  args.expects('FLAGS')
  const silent = args.takes('.SILENT')
  args.space()
  const flags = args.flags(true)
  args.end()
  const change: FlagChange = sign === '+' ? { add: flags } : sign === '-' ? { remove: flags } : { set: flags }
  return { set, change, silent, unchangedSince: request.unchangedSince }
}

/** Each keyword of a mailbox is told to everybody who opens it. */
function requireRoomForKeywords(selected: ImapSelected, change: FlagChange): void {
  const flags = 'add' in change ? change.add : 'set' in change ? change.set : []
  const known = new Set(selected.flagNames().map((flag) => flag.toLowerCase()))
  const added = flags.filter((flag) => !known.has(flag.toLowerCase()))
  if (added.length > 0 && known.size + added.length > mostKeywords + systemFlags.length)
    throw new Refusal(no(`A mailbox has ${mostKeywords} keywords at most`, 'LIMIT'))
}

async function store(call: ImapCall, selected: ImapSelected, request: Request): Promise<ImapResult> {
  const { byUid } = call
  const all = selected.resolve(request.set, byUid)
  const { entries: known, code: limited } = withinMessageLimit(call.session, all)
  const { unchangedSince } = request
  // RFC 7162 §3.1: that makes the client one that knows of mod-sequences.
  if (unchangedSince !== undefined) call.session.server.vocabulary.enables.get('CONDSTORE')?.(call.session)
  requireRoomForKeywords(selected, request.change)
  const { entries, modified } = await selected.mailbox.changeFlags(
    known.map(({ uid }) => uid),
    request.change,
    unchangedSince === undefined ? {} : { unchangedSince },
  )
  // RFC 9738 §3.1: from the highest UID on.
  await tell(call, selected, request, known, limited === undefined ? entries : entries.toReversed())
  const result = resultOf(call, selected, modified, !byUid && entries.length + modified.length < known.length)
  if (limited === undefined) return result
  if (result.code === undefined) return ok('Only a part was stored', limited)
  // RFC 9738 §3.1, of EXPUNGEISSUED.
  call.session.out.untagged(`NO [${limited}] Only a part was stored`)
  return { ...result, status: 'OK' }
}

function resultOf(
  { byUid }: ImapCall,
  selected: ImapSelected,
  modified: readonly number[],
  gone: boolean,
): ImapResult {
  if (modified.length > 0) {
    const numbers = byUid ? modified : modified.map((uid) => selected.numberOf(uid))
    const code = `MODIFIED ${numberSet(numbers)}`
    // RFC 7162 §3.1.3.
    return gone
      ? no('Some of the messages are gone, or had changed before', code)
      : ok('Some of the messages had changed before', code)
  }
  return gone ? no('Some of the messages are gone', 'EXPUNGEISSUED') : ok('Stored')
}

/** The flags as they are now; of a silent change only what the client cannot know: a mod-sequence, or a change by others. */
async function tell(
  { session }: ImapCall,
  selected: ImapSelected,
  { change, silent }: Request,
  before: readonly MessageEntry[],
  entries: readonly MessageEntry[],
): Promise<void> {
  const { out } = session
  await selected.introduce(entries)
  const find = silent ? uidFinder(before) : undefined
  const expected = new ExpectedFlags(change)
  selected.told(entries)
  if (!silent) selected.answered(entries)
  await out.ready()
  let work = 0
  for (const entry of entries) {
    const isKnown = find !== undefined && expected.are(before[find(entry.uid)], entry)
    work += 1 + entry.flags.length
    // What is known needs not be told, and takes its time all the same.
    if (work >= atOnce) {
      work = 0
      await out.ready()
    }
    out.write(
      isKnown ? modSequenceResponse(session, selected, entry) : flagsResponse(session, selected, entry),
    )
  }
}
