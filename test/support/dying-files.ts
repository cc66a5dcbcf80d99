import { spawnSync } from 'node:child_process'
import type { FileSystem, OpenFile } from '../../plugins/maildir/files/file-system.ts'
import { formatOwner, parseOwner } from '../../plugins/maildir/files/lock-owner.ts'
import { interferedFiles, unsyncedFiles } from './failing-files.ts'

/** The files of a process that dies, as far as the disk can tell. */
export interface DyingFiles {
  readonly files: FileSystem
  /** Resolves when the process is dead and what it had begun is over. */
  readonly death: Promise<void>
  /** Closes what it had open. */
  bury(): Promise<void>
}

/**
 * From one call on, no call is made any more and none is answered. Locks name a process that has ended, so that others
 * find them left behind, as they would be.
 */
export function dyingFiles(real: FileSystem, dieAt: number): DyingFiles {
  // Those that are still being opened at the end, too.
  const open = new Set<Promise<OpenFile>>()
  const ownText = new Map<string, string>()
  const alive: FileSystem = {
    ...unsyncedFiles(real),
    async symlink(target, path) {
      const owner = parseOwner(target)
      if (owner === undefined) throw new TypeError(`${target} names no owner of a lock`)
      const ofDead = formatOwner({ ...owner, pid: deadPid() })
      ownText.set(ofDead, target)
      await real.symlink(ofDead, path)
    },
    async readlink(path) {
      const text = await real.readlink(path)
      return ownText.get(text) ?? text
    },
    async open(...words) {
      const file = unsyncedFiles(real).open(...words)
      open.add(file)
      return file
    },
  }
  const { promise: death, resolve } = Promise.withResolvers<void>()
  const files = interferedFiles(alive, async ({ number }) => {
    if (number < dieAt) return
    resolve()
    await new Promise(() => undefined)
  })
  return {
    files,
    death,
    async bury() {
      for (const file of open) await file.then((opened) => opened.close()).catch(() => undefined)
    },
  }
}

let dead = 0

/** The pid of a process that has ended. */
function deadPid(): number {
  dead ||= spawnSync(process.execPath, ['--version']).pid
  return dead
}
