import { readdirSync, readFileSync } from 'node:fs'

/** KiB of memory that a process and all its descendants have, each page shared out among those that share it. */
export function proportionalMemory(pid: number): { readonly kibibytes: number; readonly processes: number } {
  const tree = descendants(pid)
  const sizes = tree.map((each) =>
    Number(/^Pss:\s+(\d+)/m.exec(readQuietly(`/proc/${each}/smaps_rollup`))?.[1] ?? 0),
  )
  return { kibibytes: sizes.reduce((sum, size) => sum + size, 0), processes: tree.length }
}

// Linux has had 100 of them a second on every machine for which there is a Node.js.
const millisecondsPerTick = 10

/** Milliseconds of processor time that a process, its descendants and those of them that have ended have had. */
export function processorTime(pid: number): number {
  let ticks = 0
  for (const each of descendants(pid)) {
    const fields = readQuietly(`/proc/${each}/stat`)
      .replace(/^.*\) /, '')
      .split(' ')
    // utime, stime, cutime, cstime: proc(5) has them as the 14th to the 17th, and two are cut off here.
    for (const field of fields.slice(11, 15)) ticks += Number(field)
  }
  return ticks * millisecondsPerTick
}

/** The process itself and all that are below it. */
function descendants(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readQuietly(`/proc/${name}/stat`)
    parents.set(Number(name), Number(/\) \S (\d+)/.exec(stat)?.[1] ?? 0))
  }
  return [...parents.keys()].filter((each) => isBelow(each, pid, parents))
}

function isBelow(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
    if (at === ancestor) return true
  return false
}

/** The file's text; nothing where its process has ended. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
