import { MailwrightError, Serial } from 'mailwright'
import { isNotFound } from './disk-errors.ts'
import type { SharedAccount } from './shared-states.ts'

export interface Usage {
  readonly bytes: number
  readonly messages: number
}

/** What lies in all mailboxes of an account. Each is looked at, which costs nothing where it is as it was left. */
export async function accountUsage(shared: SharedAccount): Promise<Usage> {
  let bytes = 0
  let messages = 0
  for (const name of await shared.files.list()) {
    const { state, release } = shared.share(name)
    try {
      await state.sync()
      const { records } = state.known.index
      messages += records.length
      for (const { size } of records) bytes += size
    } catch (error) {
      // Deleted since it was listed.
      if (!isNotFound(error)) throw error
    } finally {
      release()
    }
  }
  return { bytes, messages }
}

/**
 * Keeps an account within its quota, also when many messages come at once: each counts what is there and what was
 * promised before it. What other processes have promised is not seen until it is there.
 */
export class QuotaGuard {
  readonly #serial = new Serial()
  #promised = 0

  /** Keeps room, until the answered call gives it back; MAIL_E_OVER_QUOTA where so many octets do not fit. */
  reserve(octets: number, quota: number, measure: () => Promise<Usage>): Promise<() => void> {
    return this.#serial.run(async () => {
      await this.#requireRoom(octets, quota, measure)
      this.#promised += octets
      let kept = true
      return () => {
        if (kept) this.#promised -= octets
        kept = false
      }
    })
  }

  /**
   * What was given back while somebody measured may be counted or not: it counts as promised, and all is measured again where
   * that leaves no room. Nothing is promised meanwhile, so this comes to an end.
   */
  async #requireRoom(octets: number, quota: number, measure: () => Promise<Usage>): Promise<void> {
    let promised: number
    let bytes: number
    do {
      promised = this.#promised
      bytes = (await measure()).bytes
      if (bytes + promised + octets <= quota) return
    } while (promised !== this.#promised)
    throw new MailwrightError(
      'MAIL_E_OVER_QUOTA',
      `${octets} octets do not fit: ${bytes} of ${quota} are used`,
    )
  }
}
