import { MailwrightError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { IndexFile } from './index-file.ts'
import { sizeInName } from './message-name.ts'
import { type Located, pathOf, scanMailbox } from './scan.ts'
import { SharedRuns } from './shared-runs.ts'

export interface Usage {
  readonly bytes: number
  readonly messages: number
}

/**
 * What lies in mailboxes, from file names as far as they tell sizes, else from the index. A message of another
 * program in a mailbox that nobody has opened since counts with its octets on the disk.
 */
export async function measureUsage(context: MaildirContext, paths: readonly string[]): Promise<Usage> {
  let bytes = 0
  let messages = 0
  for (const path of paths) {
    const found = await messagesIn(context, path)
    messages += found.length
    const unknown = found.filter(({ base }) => sizeInName(base) === undefined)
    for (const { base } of found) bytes += sizeInName(base) ?? 0
    if (unknown.length > 0) bytes += await sizeOfUnknown(context, path, unknown)
  }
  return { bytes, messages }
}

async function messagesIn({ files }: MaildirContext, path: string): Promise<readonly Located[]> {
  try {
    return [...(await scanMailbox(files, path)).messages.values()]
  } catch (error) {
    // Deleted since it was listed.
    if (isMissing(error)) return []
    throw error
  }
}

async function sizeOfUnknown(
  context: MaildirContext,
  path: string,
  unknown: readonly Located[],
): Promise<number> {
  const { files } = context
  const recorded = await new IndexFile(context, path).refresh()
  let sum = 0
  for (const located of unknown) {
    try {
      sum += recorded?.byBase(located.base)?.entry.size ?? (await files.lstat(pathOf(path, located))).size
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return sum
}

/** Room that is kept for a message until it is in its mailbox or given up. */
export interface Reservation {
  release(): void
}

interface Claim {
  readonly octets: number
  readonly order: number
}

interface Measured {
  readonly usage: Usage
  /** What was reserved when the measuring began: it may be in the usage or not. */
  readonly claims: ReadonlySet<Claim>
}

/**
 * Keeps an account within its quota, also when many messages come at once: each counts what is there and what was
 * promised before it. Other processes are not seen until their messages are in place.
 */
export class QuotaGuard {
  readonly #claims = new Set<Claim>()
  readonly #runs: SharedRuns<Measured>
  #next = 0

  constructor(measure: () => Promise<Usage>) {
    this.#runs = new SharedRuns(async () => {
      const claims = new Set(this.#claims)
      return { claims, usage: await measure() }
    })
  }

  get idle(): boolean {
    return this.#claims.size === 0
  }

  /** MAIL_E_OVER_QUOTA where so many octets do not fit. */
  async reserve(octets: number, quota: number): Promise<Reservation> {
    const claim: Claim = { octets, order: this.#next++ }
    this.#claims.add(claim)
    try {
      const { usage, claims } = await this.#runs.run('')
      let needed = usage.bytes
      for (const each of claims) if (each.order <= claim.order) needed += each.octets
      if (needed > quota)
        throw new MailwrightError(
          'MAIL_E_OVER_QUOTA',
          `${octets} octets do not fit: ${usage.bytes} of ${quota} are used`,
        )
    } catch (error) {
      this.#claims.delete(claim)
      throw error
    }
    return { release: () => void this.#claims.delete(claim) }
  }
}
