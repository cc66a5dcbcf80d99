import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { diskOf, judgeDisk, judgeMount, type KernelFolders } from './file-system.ts'
import { doubt, type Finding } from './finding.ts'
import { checkKills } from './kill-check.ts'
import { checkFolderSync, checkRename } from './name-checks.ts'
import type { Place } from './places.ts'
import { judgeTimes, measureSyncs } from './sync-times.ts'

const syncs = 200
const kills = 10

/** What is found out about a file system while the power stays on. */
export async function checkPlace(
  { mount, folders }: Place,
  kernel: KernelFolders,
): Promise<readonly Finding[]> {
  const disk = mount === undefined ? undefined : await diskOf(mount, kernel)
  const told = [...judgeMount(mount), ...judgeDisk(disk)]
  const folder = await folderIn(folders)
  if (folder === undefined)
    return [...told, doubt('syncs', 'nothing can be tried: this user may not write there')]
  try {
    const times = await measureSyncs(folder, syncs)
    return [
      ...told,
      ...judgeTimes(times, disk?.turns === true),
      await checkFolderSync(folder),
      await checkRename(folder),
      await checkKills(folder, kills),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A new folder in the first of these that lets one be made. */
async function folderIn(folders: readonly string[]): Promise<string | undefined> {
  for (const each of folders) {
    const made = await mkdtemp(join(each, 'durability-')).catch(() => undefined)
    if (made !== undefined) return made
  }
  return undefined
}
