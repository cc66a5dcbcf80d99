import { ownProcess } from 'mailwright/disk'
import { formatOwner, type LockOwner, parseOwner } from '../files/lock-owner.ts'

/** Whose segment a file is. */
export interface SegmentOwner {
  /** Of the run of the machine in which it was written: what that has in memory only goes with its end. */
  readonly boot: string
  readonly owner: LockOwner
}

const form = /^([0-9a-f]{12})\.([0-9a-f:]+)\.\d{1,9}$/

/** 12 hexadecimal digits; undefined where the system does not tell one run from the next. */
export const currentBoot: string | undefined = ownProcess.boot === '' ? undefined : ownProcess.boot

export function segmentName({ boot, owner }: SegmentOwner, number: number): string {
  return `${boot}.${formatOwner(owner)}.${number}`
}

/** Undefined for a file that is no segment. */
export function parseSegmentName(name: string): SegmentOwner | undefined {
  const [, boot = '', text = ''] = form.exec(name) ?? []
  const owner = parseOwner(text)
  return owner === undefined ? undefined : { boot, owner }
}
