import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import { formatMaildirFileName, parseMaildirFileName } from 'mailwright/formats'
import { type FilePair, firstFailure } from '../batches/file-batches.ts'
import type { MaildirContext } from '../context.ts'
import { type Located, pathOf, scanFor } from '../files/scan.ts'
import type { IndexChange } from '../index/index-change.ts'
import type { IndexTable } from '../index/index-table.ts'

// How often messages that are being renamed by others are looked for before they are left for the next time.
const rounds = 8

/**
 * Finishes what the index says has happened: arriving messages go from `tmp` into `cur`, leaving ones are removed. Used
 * right after the index was written, and by whoever opens the mailbox after a crash. Answers the change that says so;
 * what cannot be removed stays in the index, is shown to nobody, and is tried again.
 */
export async function finishPending(
  context: MaildirContext,
  path: string,
  { arriving, leaving }: Pick<IndexTable, 'arriving' | 'leaving'>,
): Promise<IndexChange> {
  await moveArriving(context, path, arriving)
  if (arriving.length > 0) await context.directories.sync(join(path, 'cur'))
  const arrived = arriving.length === 0 ? {} : { arrived: true as const }
  if (leaving.length === 0) return arrived
  try {
    await removeMessages(context, path, leaving)
    await syncRemovals(context, path)
    await context.deliveries?.forget(path, leaving)
    return { ...arrived, left: leaving }
  } catch (error) {
    context.log.warn('unavailable', {
      mailbox: path,
      problem: 'expunged messages cannot be removed yet',
      error,
    })
    return arrived
  }
}

/** Moves messages from `tmp` into `cur`, which may be undone by a power cut. Those that are not in `tmp` were moved before. */
export async function moveArriving(
  { batches }: MaildirContext,
  path: string,
  fileNames: readonly string[],
): Promise<void> {
  const pairs = fileNames.flatMap((fileName): FilePair[] => {
    const name = parseMaildirFileName(fileName)
    if (name === undefined) return []
    return [[`${path}/tmp/${name.base}`, `${path}/cur/${formatMaildirFileName(name)}`]]
  })
  const outcomes = await batches.rename(pairs)
  const failure = firstFailure(outcomes.filter((outcome) => !isMissing(outcome)))
  if (failure !== undefined) throw failure
}

/** Where messages to be removed were last seen. */
export interface LastSeen {
  readonly located: readonly Located[]
  /** Whether some may be there under two names. */
  readonly doubles: boolean
}

/** Removes messages under whatever names they have now; resolves when none of them can be seen any more. */
export async function removeMessages(
  context: MaildirContext,
  path: string,
  bases: readonly string[],
  { located, doubles }: LastSeen = { located: [], doubles: true },
): Promise<void> {
  if (bases.length === 0) return
  const wanted = new Set(bases)
  const untouched = new Set(bases)
  for (const { base } of await unlinkThere(context, path, located)) untouched.delete(base)
  if (untouched.size === 0 && !doubles) return
  for (let round = 0; round < rounds; round++) {
    const scan = await scanFor(context.files, path, [...untouched])
    const present = [...scan.messages.values(), ...scan.doubles].filter(({ base }) => wanted.has(base))
    if (present.length === 0) return
    for (const { base } of await unlinkThere(context, path, present)) untouched.delete(base)
  }
  throw new UnavailableError(`messages in ${path} are renamed faster than they can be removed`)
}

async function syncRemovals(context: MaildirContext, path: string): Promise<void> {
  for (const directory of ['cur', 'new']) await context.directories.sync(join(path, directory))
}

/** Unlinks messages; answers those that had the names that they were seen with. */
export async function unlinkThere(
  { batches }: MaildirContext,
  path: string,
  located: readonly Located[],
): Promise<readonly Located[]> {
  const outcomes = await batches.unlink(located.map((each) => pathOf(path, each)))
  const failure = firstFailure(outcomes.filter((outcome) => !isMissing(outcome)))
  if (failure !== undefined) throw failure
  return located.filter((_, at) => outcomes[at] === undefined)
}
