import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeftOver } from './left-over.ts'

const prefix = 'mailwright-durability-'
const form = /^mailwright-durability-[A-Za-z0-9]{6}$/

/** Makes a new folder in another one, and removes there what runs that have died have left. */
export async function makeProofFolder(folder: string): Promise<string> {
  const made = await mkdtemp(join(folder, prefix))
  await removeLeftOver(folder)
  return made
}

async function removeLeftOver(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!form.test(name)) continue
    const path = join(folder, name)
    const status = await lstat(path).catch(() => undefined)
    // In a folder that others write to somebody else's is left alone.
    const isOwn = status?.isDirectory() === true && status.uid === process.geteuid?.()
    if (isOwn && isLeftOver(status.mtimeMs))
      await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
