import { join } from 'node:path'
import { isMissing } from 'mailwright/disk'
import type { FileOutcomes } from '../batches/file-batches.ts'
import type { MaildirContext } from '../context.ts'
import { type Located, pathOf, scanFor } from '../files/scan.ts'

// How often messages that others rename at the same time are followed.
const rounds = 4

/**
 * Makes messages durable under whatever names they have in their mailbox. Answers those that are not there. Throws where the disk
 * fails: then nobody knows which are durable.
 */
export async function settleMessages(
  context: MaildirContext,
  path: string,
  bases: readonly string[],
): Promise<readonly string[]> {
  let left = bases
  // Where nearly all of them are: as they came, or as whoever gave them UIDs has named them.
  for (const likely of [(base: string) => `new/${base}`, (base: string) => `cur/${base}:2,`])
    left = await syncThere(context, left, (base) => `${path}/${likely(base)}`)
  for (let round = 0; round < rounds && left.length > 0; round++) {
    const { messages } = await scanOrNothing(context, path, left)
    const seen = left.filter((base) => messages.has(base))
    if (seen.length === 0) break
    const gone = new Set(await syncThere(context, seen, (base) => pathIn(path, messages.get(base))))
    left = left.filter((base) => !messages.has(base) || gone.has(base))
  }
  if (left.length < bases.length) await syncNames(context, path)
  return left
}

/** `new` first: what goes from there into `cur` meanwhile is durable in one of them. */
export async function syncNames({ directories }: MaildirContext, path: string): Promise<void> {
  try {
    for (const directory of ['new', 'cur']) await directories.sync(join(path, directory))
  } catch (error) {
    // A mailbox that was removed, with all that was in it.
    if (!isMissing(error)) throw error
  }
}

async function scanOrNothing(
  { files }: MaildirContext,
  path: string,
  bases: readonly string[],
): Promise<{ readonly messages: ReadonlyMap<string, Located> }> {
  try {
    return await scanFor(files, path, bases)
  } catch (error) {
    if (isMissing(error)) return { messages: new Map() }
    throw error
  }
}

function pathIn(path: string, located: Located | undefined): string {
  return located === undefined ? '' : pathOf(path, located)
}

/** Answers those that are not where they were looked for. */
async function syncThere(
  { batches }: MaildirContext,
  bases: readonly string[],
  pathOfBase: (base: string) => string,
): Promise<readonly string[]> {
  if (bases.length === 0) return []
  const outcomes: FileOutcomes = await batches.sync(bases.map(pathOfBase))
  const failure = outcomes.find((outcome) => outcome !== undefined && !isMissing(outcome))
  if (failure !== undefined) throw failure
  return bases.filter((_, at) => outcomes[at] !== undefined)
}
