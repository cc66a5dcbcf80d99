import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

/** Where process ids mean the same: this boot of this machine, and one container on it. Undefined where nobody says. */
function processSpace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    return createHash('sha256')
      .update(`${boot} ${readlinkSync('/proc/self/ns/pid')}`)
      .digest('hex')
      .slice(0, 24)
  } catch {
    return undefined
  }
}

const space = processSpace()

/** A new name for something of this process that others may look for: where it runs, its process id, and chance. */
export function newHolderId(): string {
  return `${space ?? ''}.${process.pid}.${randomBytes(8).toString('hex')}`
}

/** Whether the process that a name was made by has surely ended. Where nobody can tell it may live. */
export function hasEnded(id: string): boolean {
  const [where, pid] = id.split('.')
  if (space === undefined || where !== space || !/^\d{1,10}$/.test(pid ?? '')) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
