import type { Content } from 'mailwright'
import { firstFailure } from '../batches/file-batches.ts'
import type { MaildirContext } from '../context.ts'
import { sizedName, type Written, wholeMessage } from './written-message.ts'

// What is larger would be written twice for less than it spares.
const largest = 32 * 1024

/**
 * Writes a small message to a mailbox's `tmp` and, at the same time, to the log of deliveries, by which it is durable. Undefined where
 * there is no log for it.
 */
export async function writeLogged(
  context: MaildirContext,
  path: string,
  content: Content,
): Promise<Written | undefined> {
  const { deliveries } = context
  if (deliveries === undefined || content.size > largest || !deliveries.isReady()) return undefined
  const small = await wholeMessage(context, content)
  if (small === undefined) return undefined
  const base = sizedName(context.names(), small)
  // Many are made: `join` takes its time.
  const temporary = `${path}/tmp/${base}`
  const [logged, created] = await Promise.allSettled([
    deliveries.write({ path, base, octets: small.octets }),
    context.creates.ask({ path: temporary, octets: small.octets }),
  ])
  const entry = logged.status === 'fulfilled' ? logged.value : undefined
  if (created.status === 'rejected') {
    await forgetDeliveries(context, path, [base])
    throw created.reason
  }
  if (entry === undefined) await makeDurable(context, temporary)
  if (small.whole !== undefined) context.fresh.put(path, base, small.whole)
  return { temporary, base, size: small.crlf, entry }
}

/** Messages that are gone do not come back after a power cut, unless that cannot be noted; of a whole mailbox where none are named. */
export async function forgetDeliveries(
  { deliveries, log }: MaildirContext,
  path: string,
  bases?: readonly string[],
): Promise<void> {
  try {
    await (bases === undefined ? deliveries?.forgetAll(path) : deliveries?.forget(path, bases))
  } catch (error) {
    log.debug('unavailable', { mailbox: path, problem: 'messages may come back after a power cut', error })
  }
}

async function makeDurable({ batches, files, syncs }: MaildirContext, path: string): Promise<void> {
  try {
    await syncs.timed('message', async () => {
      const failure = firstFailure(await batches.sync([path]))
      if (failure !== undefined) throw failure
    })
  } catch (error) {
    await files.unlink(path).catch(() => undefined)
    throw error
  }
}
