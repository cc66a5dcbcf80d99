import { basename, join } from 'node:path'
import type { Account, StoreFault } from 'mailwright'
import { isMissing, readFully } from 'mailwright/disk'
import { formatMaildirFileName } from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import { openToRead } from '../files/durable-file.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { JsonFile } from '../files/json-file.ts'
import { CrlfMeter } from '../files/line-ends.ts'
import { wrongPart } from '../files/mailbox-directory.ts'
import { pathOf, scanMailbox } from '../files/scan.ts'
import { IndexFile, indexFileName } from '../index/index-file.ts'
import type { IndexRecord } from '../index/index-record.ts'
import { isSameFile } from '../mailbox/doubles.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import type { SharedStates } from '../mailbox/shared-states.ts'
import { accountFileName } from './account-settings.ts'
import { settingsFile, settingsFileName } from './mailbox-settings.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import { subscriptionsFile } from './subscriptions.ts'

export interface Examination {
  readonly account: Account
  readonly root: string
  readonly directories: MailboxDirectories
  readonly states: SharedStates
  readonly repair: boolean
}

const chunkSize = 256 * 1024

/** Looks for damage in all mailboxes of an account, and undoes it where it may. */
export async function examineMailboxes(
  context: MaildirContext,
  { account, root, directories, states, repair }: Examination,
): Promise<readonly StoreFault[]> {
  const faults: StoreFault[] = []
  for (const name of await directories.list()) {
    const path = await directories.find(name)
    if (path === undefined) continue
    const tell = (problem: string, remedy: string): void =>
      void faults.push({ mailbox: name, problem, remedy })
    const wrong = await wrongPart(context, path)
    if (wrong !== undefined) {
      tell(`${basename(wrong)} is no directory`, 'it is made, unless something else is in its place')
      if (repair) await directories.complete(path)
      if (!repair || (await wrongPart(context, path)) !== undefined) continue
    }
    await examineIndex(context, path, tell)
    await examineNames(context, path, tell)
    for (const file of settingsIn(context, path, root)) await examineSettings(file, repair, tell)
    if (!repair) {
      await examineSizes(context, path, tell)
      continue
    }
    // Opening a mailbox repairs its index and names.
    await states.using({ account, name, path, root }, async (state) => {
      await state.sync()
      await repairSizes(state, tell)
    })
  }
  return faults
}

type Tell = (problem: string, remedy: string) => void

async function examineIndex(context: MaildirContext, path: string, tell: Tell): Promise<void> {
  const index = new IndexFile(context, path)
  if ((await index.refresh()) !== undefined) return
  if (index.fault === 'damaged')
    tell('the index is damaged', 'all messages get new UIDs under a higher UIDVALIDITY')
  else if ((await scanMailbox(context.files, path)).messages.size > 0)
    tell(
      `there is no ${indexFileName}`,
      'messages get UIDs, or keep those of the server that was here before',
    )
}

async function examineNames({ files }: MaildirContext, path: string, tell: Tell): Promise<void> {
  const { doubles, messages } = await scanMailbox(files, path)
  for (const double of doubles) {
    const other = messages.get(double.base) ?? double
    if (await areTwo(files, pathOf(path, double), pathOf(path, other)))
      tell(`two files have the name ${double.base}`, 'one gets a new name, and a new UID')
  }
}

/** Not where one of them is gone by now: somebody has moved a message meanwhile. */
async function areTwo(files: FileSystem, one: string, other: string): Promise<boolean> {
  try {
    return !isSameFile(await files.lstat(one), await files.lstat(other))
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** The files beside a mailbox's index; those of the account lie in its INBOX. */
function settingsIn(context: MaildirContext, path: string, root: string): readonly JsonFile<unknown>[] {
  const ofMailbox = settingsFile(context, path, settingsFileName)
  if (path !== root) return [ofMailbox]
  return [settingsFile(context, root, accountFileName), subscriptionsFile(context, root), ofMailbox]
}

/** Nothing of the account can be listed as long as one of them is damaged. */
async function examineSettings(file: JsonFile<unknown>, repair: boolean, tell: Tell): Promise<void> {
  if (!(await file.isDamaged())) return
  tell(`${file.name} is damaged`, `what it said is lost; it is kept as ${file.name}.damaged`)
  if (repair) await file.putAside()
}

async function examineSizes(context: MaildirContext, path: string, tell: Tell): Promise<void> {
  const table = await new IndexFile(context, path).refresh()
  const { messages } = await scanMailbox(context.files, path)
  for (const record of table?.records ?? []) {
    const located = messages.get(record.base)
    const size = located === undefined ? undefined : await sizeOnDisk(context, pathOf(path, located))
    if (size !== undefined && size !== record.entry.size) tellOfSize(record, size, tell)
  }
}

/** A message whose size is not what clients were told becomes another message: a UID never stands for two contents. */
async function repairSizes(state: MailboxState, tell: Tell): Promise<void> {
  const { context, place, table } = state
  for (const record of table.records) {
    const located = state.located(record)
    const size = await sizeOnDisk(context, pathOf(place.path, located))
    if (size === undefined || size === record.entry.size) continue
    tellOfSize(record, size, tell)
    const fileName = formatMaildirFileName({ ...located, base: context.names() })
    try {
      await context.files.rename(pathOf(place.path, located), join(place.path, 'cur', fileName))
    } catch (error) {
      // Others have moved it: it is found the next time.
      if (!isMissing(error)) throw error
    }
  }
  await state.sync()
}

function tellOfSize({ entry }: IndexRecord, size: number, tell: Tell): void {
  tell(`message ${entry.uid} has ${size} octets, not ${entry.size}`, 'it gets a new UID')
}

/** Octets with CRLF line ends; undefined where the file is not there (any more). */
async function sizeOnDisk({ files }: MaildirContext, path: string): Promise<number | undefined> {
  try {
    const file = await openToRead(files, path)
    try {
      const meter = new CrlfMeter()
      for (let position = 0; ; ) {
        const chunk = await readFully(file, chunkSize, position)
        if (chunk.length === 0) return meter.crlfOctets
        meter.add(chunk)
        position += chunk.length
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
