import { readFile } from 'node:fs/promises'

/** The processes that a process has started and that run. */
export async function childProcesses(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number)
}
