import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'

/** The processes that a process has started and that run. */
export async function childProcesses(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}

/** The first of them. Fails where there is none: a signal for 0 would be one for the tests themselves. */
export async function firstChild(pid: number): Promise<number> {
  const [first] = await childProcesses(pid)
  if (first === undefined) expect.fail(`the process ${pid} has started none that runs`)
  return first
}
