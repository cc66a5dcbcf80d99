import { spawnSync } from 'node:child_process'
import type { FileSystem, OpenFile } from '../../../plugins/maildir/files/file-system.ts'
import { formatOwner, parseOwner } from '../../../plugins/maildir/files/lock-owner.ts'
import { CallRecord } from './call-record.ts'
import { type FileCall, interferedFiles, unsyncedFiles } from './failing-files.ts'

/** The files of a process that dies, as far as the disk can tell. */
export interface DyingFiles {
  readonly files: FileSystem
  /** Resolves when the process is dead. What it had begun may still be under way. */
  readonly death: Promise<void>
  /** What it has asked the disk for, and waits for. */
  readonly calls: CallRecord
  /** Waits until the disk has done what it was asked for before, and closes what was open. */
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
  const calls = new CallRecord()
  const lastGasp = async ({ number }: FileCall) => {
    if (number < dieAt) return
    resolve()
    await new Promise(() => undefined)
  }
  const files = interferedFiles(alive, lastGasp, (call, answer) => calls.add(call, answer))
  return {
    files,
    death,
    calls,
    async bury() {
      // What was let through in the same moment has to be made first.
      await new Promise((turned) => setImmediate(turned))
      await calls.over()
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
