import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { KeptPath } from '../../host/kept-paths.ts'
import { type KernelFolders, type Mount, mountOf, mountPointsBelow } from './file-system.ts'
import { doubt, type Finding, untried } from './finding.ts'
import { linksBelow } from './links-below.ts'

/** What is kept on one file system, which is examined once for all of it. */
export interface Place {
  readonly mount: Mount | undefined
  readonly kept: readonly KeptPath[]
  /** Folders that are there, those of `kept` or above them. */
  readonly folders: readonly string[]
}

interface Found {
  readonly key: string
  readonly folder: string
  readonly mount: Mount | undefined
  readonly kept: KeptPath
}

/**
 * Paths by the file system that they are on, and what below them is on others: where something is mounted, or a link leads. What
 * cannot be looked at is told.
 */
export async function placesOf(
  kept: readonly KeptPath[],
  kernel: KernelFolders,
): Promise<{ readonly places: readonly Place[]; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = []
  const found: Found[] = []
  const look = async (one: KeptPath): Promise<Found | undefined> => {
    try {
      return await foundAt(one, kernel)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      findings.push(untried(subjectOf(one), `${one.path} cannot be examined (${code})`))
      return undefined
    }
  }
  for (const one of kept) found.push(...[await look(one)].filter((each) => each !== undefined))
  for (const { folder, kept: one } of await roots(found)) {
    const { links, isWhole } = await linksBelow(folder)
    if (!isWhole) {
      const text = `more is in ${folder} than was looked at: where links in it lead is not known`
      findings.push(doubt(subjectOf(one), text))
    }
    for (const path of [...(await mountPointsBelow(folder, kernel)), ...links]) {
      const below = await look({ plugin: one.plugin, path })
      if (below !== undefined && found.every(({ key }) => key !== below.key)) found.push(below)
    }
  }
  const places = [...Map.groupBy(found, ({ key }) => key).values()].map((group) => ({
    mount: group[0]?.mount,
    kept: group.map((each) => each.kept),
    folders: [...new Set(group.map(({ folder }) => folder))],
  }))
  return { places, findings }
}

function subjectOf({ plugin }: KeptPath): string {
  return plugin === '' ? 'folder' : `of ${plugin}`
}

async function foundAt(kept: KeptPath, kernel: KernelFolders): Promise<Found> {
  const folder = await nearestFolder(kept.path)
  const mount = await mountOf(folder, kernel)
  return { key: mount === undefined ? folder : `${mount.device} ${mount.path}`, folder, mount, kept }
}

/** Those that are folders themselves, each once: below others is what somebody else keeps. */
async function roots(found: readonly Found[]): Promise<readonly Found[]> {
  const isRoot = async ({ folder, kept: { path } }: Found) =>
    (await realpath(path).catch(() => undefined)) === folder
  const are = await Promise.all(found.map(isRoot))
  const there = found.filter((_, at) => are[at] === true)
  return there.filter((one, at) => there.findIndex(({ folder }) => folder === one.folder) === at)
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
