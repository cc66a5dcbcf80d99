import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { KeptPath } from '../../host/kept-paths.ts'
import { type KernelFolders, type Mount, mountOf } from './file-system.ts'
import { doubt, type Finding } from './finding.ts'

/** What is kept on one file system, which is examined once for all of it. */
export interface Place {
  readonly mount: Mount | undefined
  readonly kept: readonly KeptPath[]
  /** Folders that are there, those of `kept` or above them. */
  readonly folders: readonly string[]
}

/** Paths by the file system that they are on. What cannot be looked at is told. */
export async function placesOf(
  kept: readonly KeptPath[],
  kernel: KernelFolders,
): Promise<{ readonly places: readonly Place[]; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = []
  const found: { key: string; folder: string; mount: Mount | undefined; kept: KeptPath }[] = []
  for (const one of kept) {
    try {
      const folder = await nearestFolder(one.path)
      const mount = await mountOf(folder, kernel)
      const key = mount === undefined ? folder : `${mount.device} ${mount.path}`
      found.push({ key, folder, mount, kept: one })
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      findings.push(doubt(`of ${one.plugin}`, `${one.path} cannot be examined (${code})`))
    }
  }
  const places = [...Map.groupBy(found, ({ key }) => key).values()].map((group) => ({
    mount: group[0]?.mount,
    kept: group.map((each) => each.kept),
    folders: [...new Set(group.map(({ folder }) => folder))],
  }))
  return { places, findings }
}

/** A folder, that of a file, or where nothing is there yet the one above it in which it would be made. */
async function nearestFolder(path: string): Promise<string> {
  try {
    // Links lead to where the octets are.
    const real = await realpath(path)
    return (await stat(real)).isDirectory() ? real : dirname(real)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    return nearestFolder(dirname(path))
  }
}
