import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorText } from '../../errors.ts'
import { diskOf, judgeDisk, judgeMount, type KernelFolders } from './file-system.ts'
import { type Finding, untried } from './finding.ts'
import { checkKills } from './kill-check.ts'
import { checkFolderSync, checkRename } from './name-checks.ts'
import type { Place } from './places.ts'
import { makeProofFolder } from './proof-folder.ts'
import { judgeTimes, measureSyncs } from './sync-times.ts'

const syncs = 200
const kills = 10

/** One thing that is tried in a folder. */
export type Trial = (folder: string) => Promise<readonly Finding[]>

/** What is found out about a file system while the power stays on. */
export async function checkPlace(
  { mount, folders }: Place,
  kernel: KernelFolders,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const disk = mount === undefined ? undefined : await diskOf(mount, kernel)
  const told = [...judgeMount(mount), ...judgeDisk(disk)]
  const tried = await tryIn(folders, signal, [
    async (folder) => judgeTimes(await measureSyncs(folder, syncs), disk?.turns === true),
    async (folder) => [await checkFolderSync(folder)],
    async (folder) => [await checkRename(folder)],
    async (folder) => [await checkKills(folder, kills, signal)],
  ])
  return [...told, ...tried]
}

/** Tries things in a new folder in the first of these that lets one be made; one that cannot be tried is the last. */
export async function tryIn(
  folders: readonly string[],
  signal: AbortSignal,
  trials: readonly Trial[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const made = await folderIn(folders, findings)
  if (made === undefined) return findings
  try {
    for (const trial of trials) {
      signal.throwIfAborted()
      findings.push(...(await trial(made)))
    }
  } catch (error) {
    signal.throwIfAborted()
    findings.push(untried('syncs', `could not be tried to the end in ${dirname(made)}: ${errorText(error)}`))
  } finally {
    await rm(made, { recursive: true, force: true })
  }
  return findings
}

/** Undefined where none can be made; why is told then. */
async function folderIn(folders: readonly string[], findings: Finding[]): Promise<string | undefined> {
  const problems: string[] = []
  for (const each of folders) {
    try {
      return await makeProofFolder(each)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      problems.push(`${each} (${code ?? errorText(error)})`)
    }
  }
  findings.push(untried('syncs', `nothing can be written in ${problems.join(', ')}`))
  return undefined
}
