import { errorCode, type StoreFault } from 'mailwright'
import { ifThere } from './disk-errors.ts'
import { type MailboxIndex, sameStamp } from './index-record.ts'
import type { LockedFile } from './mailbox-lock.ts'
import type { MailboxState } from './mailbox-state.ts'
import { numberMessages } from './numbering.ts'
import { lookAt, type Sight } from './sight.ts'
import { pendingPath } from './tail-change.ts'

type Finding = Pick<StoreFault, 'problem' | 'remedy'>

const remade = 'it is made anew from the file'

/** Looks for damage in one mailbox, and undoes it where asked to. */
export async function examineMailbox(state: MailboxState, repair: boolean): Promise<readonly StoreFault[]> {
  const findings = await state.unsettled(async (locked, index) => {
    const found = await examineFile(state, locked, index)
    if (repair && found.some(({ remedy }) => remedy !== noMbox.remedy))
      await state.settle(locked, { distrust: true })
    return found
  })
  return findings.map((finding) => ({ mailbox: state.place.name, ...finding }))
}

async function examineFile(
  state: MailboxState,
  locked: LockedFile,
  index: MailboxIndex | 'missing' | 'damaged',
): Promise<readonly Finding[]> {
  const { files } = state.context
  if ((await ifThere(files.lstat(pendingPath(state.place)))) !== undefined)
    return [{ problem: 'a change of its file was begun and not ended', remedy: 'it is finished or dropped' }]
  const sight = await lookAtAll(locked)
  if (sight === undefined) return [noMbox]
  if (index === 'damaged') return [{ problem: 'its index cannot be read', remedy: remade }]
  // What others have changed since is no damage: whoever looks next takes it over.
  if (index === 'missing' || !sameStamp(index.stamp, sight.status)) return []
  return compare(sight, index, state.context.clock.now())
}

/** Everything in the file; undefined where it is no mbox file. */
async function lookAtAll({ file }: LockedFile): Promise<Sight | undefined> {
  try {
    return await lookAt(file, undefined, { whole: true, distrust: true })
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_UNAVAILABLE') return undefined
    throw error
  }
}

/** What an index says that should be right, beside what is there. */
function compare(sight: Sight, index: MailboxIndex, now: number): readonly Finding[] {
  const seen = sight.messages.seen.filter(({ start }) => start < index.known)
  const known: Sight = { ...sight, messages: { kind: 'all', seen } }
  const { records, added, gone, flagged, patches } = numberMessages(known, index, { adopting: false, now })
  const places = (each: MailboxIndex['records']): string =>
    each.map(({ uid, start }) => `${uid}@${start}`).join()
  const isOther = added.length + gone.length + flagged.length > 0 || places(records) !== places(index.records)
  if (isOther) return [{ problem: 'its index says what is not in the file', remedy: remade }]
  const wrong = {
    problem: 'fields in its file tell other UIDs than were given',
    remedy: 'they are set right',
  }
  return patches.length > 0 ? [wrong] : []
}

const noMbox: Finding = {
  problem: 'its file does not begin with a postmark',
  remedy: 'none: move it away, or put right what is in it',
}
